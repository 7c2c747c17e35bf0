"""Extract an Article from a feed entry's own content.

Without a page around it, every block belongs to the story.  trafilatura is not used: it drops short texts.
"""

from ingestd.articles.assemble import ExtractionResult, assemble, entry_clues
from ingestd.articles.body.tree import parse
from ingestd.articles.body.walk import read_blocks
from ingestd.articles.clues import Clues
from ingestd.articles.decode import decode
from ingestd.articles.witnesses import images
from ingestd.errors import NoArticle
from ingestd.model.page import Page


def read(page: Page) -> ExtractionResult:
    """Return the article in an entry's content.  Raises NoArticle when the content is empty or too short."""
    root = parse(decode(page.body, page.content_type))
    if root is None:
        raise NoArticle("the entry's content is empty")
    figures = images.read(root, page.url)
    witnesses = {"picture": Clues(images=figures.lead), "entry": entry_clues(page.entry)}
    return assemble(page, read_blocks(root, page.url), witnesses, figures.captions)
