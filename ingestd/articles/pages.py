"""Extract an Article from a whole page."""

from dataclasses import replace

from lxml import etree

from ingestd.articles import clues, non_articles
from ingestd.articles.assemble import ExtractionResult, assemble, entry_clues
from ingestd.articles.body import kept_lines, marked_elements, other_stories
from ingestd.articles.body.blocks import Block, to_text
from ingestd.articles.body.container import HeaderFields
from ingestd.articles.body.page_body import read_body
from ingestd.articles.body.tree import parse
from ingestd.articles.clues import Clues
from ingestd.articles.decode import decode, is_text
from ingestd.articles.page_data import story
from ingestd.articles.witnesses import (
    article_header,
    day_search,
    images,
    json_ld,
    meta_tags,
    page_markup,
    related_boxes,
)
from ingestd.articles.witnesses.copyright_notices import copyright_notices, usage_terms
from ingestd.articles.witnesses.stated_times import language_of_page
from ingestd.errors import NoArticle
from ingestd.model.markup import block_texts
from ingestd.model.page import Page
from ingestd.text import latin_length

#: Markup with more text (as the length of a text in Latin letters) has the story, and the page's data is not looked at.
_NO_STORY = 800
#: Data with the story has this many times the text.  Markup with a paragraph of it and so much text has its beginning.
_MIN_TIMES, _SENTENCE, _TEASER = 2, 60, 400


def read(page: Page) -> ExtractionResult:
    """Return the article of a page and the evidence for it.  Raises NoArticle when there is none."""
    if not is_text(page.body):
        raise NoArticle("the page is not text but an image, a PDF or other binary data")
    # The tree is freed when `_evidence` returns: it takes more memory than everything after it.
    return assemble(page, *_evidence(page))


def _is_not_of_the_story(element: etree._Element) -> bool:
    return marked_elements.is_quoted(element) or related_boxes.is_box_or_dated_link(element)


def _evidence(page: Page) -> tuple[tuple[Block, ...], dict[str, Clues], tuple[str, ...], tuple[str, ...]]:
    """Return the page's blocks, the clues of its witnesses, its captions and its copyright notices."""
    markup = decode(page.body, page.content_type)
    root = parse(markup)
    if root is None:
        raise NoArticle("the page is empty")
    kept_lines.mark(root, markup)
    headings = other_stories.remove(root, page.url)
    figures = images.read(root, page.url)
    witnesses = {
        "json_ld": json_ld.read(root, page.url),
        **meta_tags.read(root, page.url),
        **page_markup.read(root, headings),
        "picture": Clues(images=figures.lead),
        "entry": entry_clues(page.entry),
    }
    headline = clues.headline(witnesses)
    lines = block_texts(root, marked_elements.is_quoted, marked_elements.QUOTED_TAGS)
    notices = copyright_notices(lines)
    named = tuple(name for stated in witnesses.values() for name in stated.authors)
    visible = article_header.read(lines, headline, language_of_page(root), figures.captions, named)
    if visible.firstcreated and not any(stated.firstcreated for stated in witnesses.values()):
        # The printed date is the only one, so that those of other stories must not count.
        own_lines = block_texts(root, _is_not_of_the_story)
        visible = article_header.read(own_lines, headline, language_of_page(root), figures.captions, named)
    witnesses["visible"] = replace(visible, usageterms=usage_terms(notices))
    deks = tuple(filter(None, (stated.description_text for stated in witnesses.values())))
    blocks = read_body(root, page.url, HeaderFields(headline=headline, deks=deks))
    if latin_length(to_text(blocks)) < _NO_STORY:
        titles = (stated.headline for stated in witnesses.values() if stated.headline)
        blocks = _longer(blocks, story.read(root, titles, page.url))
    kind = non_articles.describe(root, blocks, figures.captions)
    if kind:
        raise NoArticle(f"the page is {kind}")
    if not any(stated.firstcreated or stated.versioncreated for stated in witnesses.values()):
        witnesses["search"] = day_search.read(root, page.url)
    return blocks, witnesses, figures.captions, notices


def _longer(blocks: tuple[Block, ...], in_data: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the page's blocks, or those in its data if these are far longer and, unlike the page's, the story."""
    printed, stated = to_text(blocks), to_text(in_data)
    length = latin_length(printed)
    if len(blocks) == 1 and "".join(printed.split()) == "".join(stated.split()):
        return in_data  # trafilatura reads JSON-LD as one paragraph
    if latin_length(stated) < _MIN_TIMES * length:
        return blocks
    is_printed = any(latin_length(block.text) >= _SENTENCE and block.text in stated for block in blocks)
    return blocks if is_printed and length >= _TEASER else in_data
