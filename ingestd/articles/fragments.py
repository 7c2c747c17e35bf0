"""A feed entry's own content to an Article: no page around it, hence nothing to search for.

Not through trafilatura, which loses what is short.
"""

from ingestd.articles.assemble import Extraction, assemble, entry_clues
from ingestd.articles.body.tree import parse
from ingestd.articles.body.walk import read_blocks
from ingestd.articles.clues import Clues
from ingestd.articles.decode import decode
from ingestd.articles.witnesses import images
from ingestd.errors import NoArticle
from ingestd.model.page import Page


def read(page: Page) -> Extraction:
    """Return the article that an entry's content is.  Raises NoArticle when too little is left of it."""
    root = parse(decode(page.body, page.content_type))
    if root is None:
        raise NoArticle("the entry's content is empty")
    figures = images.read(root, page.url)
    witnesses = {"picture": Clues(images=figures.lead), "entry": entry_clues(page.entry)}
    return assemble(page, read_blocks(root, page.url), witnesses, figures.captions)
