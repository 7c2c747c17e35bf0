"""A whole page to an Article."""

from dataclasses import replace

from ingestd import text
from ingestd.articles import clues, completeness, non_articles
from ingestd.articles.assemble import Extraction, assemble, entry_clues
from ingestd.articles.body.blocks import Block
from ingestd.articles.body.container import Hints
from ingestd.articles.body.page_body import read_body
from ingestd.articles.body.tree import parse
from ingestd.articles.clues import Clues
from ingestd.articles.decode import decode, is_text
from ingestd.articles.witnesses import article_header, day_search, images, json_ld, meta_tags, page_markup
from ingestd.errors import NoArticle
from ingestd.model.page import Page


def read(page: Page) -> Extraction:
    """Return the article on a page.  Raises NoArticle when there is none."""
    if not is_text(page.body):
        raise NoArticle("the page is no text, but an image, a PDF or the like")
    # Its tree is let go before the rest: it takes more memory than all that follows.
    return assemble(page, *_heard(page))


def _heard(page: Page) -> tuple[tuple[Block, ...], dict[str, Clues], tuple[str, ...], tuple[str, ...]]:
    """Return the page's blocks, what its witnesses say, its captions, and its copyright lines."""
    root = parse(decode(page.body, page.content_type))
    if root is None:
        raise NoArticle("the page is empty")
    figures = images.read(root, page.url)
    witnesses = {
        "json_ld": json_ld.read(root, page.url),
        **meta_tags.read(root, page.url),
        **page_markup.read(root),
        "picture": Clues(images=figures.lead),
        "entry": entry_clues(page.entry),
    }
    headline = clues.merge(witnesses)[0].headline
    lines = text.block_texts(root)
    notices = completeness.copyright_notices(lines)
    witnesses["visible"] = replace(article_header.read(lines, headline), usageterms=completeness.terms(notices))
    deks = tuple(filter(None, (clue.description_text for clue in witnesses.values())))
    blocks = read_body(root, page.url, Hints(headline=headline, deks=deks))
    other = non_articles.describe(root, blocks, figures.captions)
    if other:
        raise NoArticle(f"the page is {other}")
    if not any(said.firstcreated or said.versioncreated for said in witnesses.values()):
        witnesses["search"] = day_search.read(root, page.url)
    return blocks, witnesses, figures.captions, notices
