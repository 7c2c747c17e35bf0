"""The body of an article's page, as blocks: our own reading, or trafilatura's where that finds little."""

from collections.abc import Sequence

from lxml import etree
from trafilatura import bare_extraction
from trafilatura.settings import Document

from ingestd.articles.body import container
from ingestd.articles.body.blocks import Block
from ingestd.articles.body.container import Hints
from ingestd.articles.body.tree import element_count
from ingestd.articles.body.walk import PlacedBlock, placed_blocks, read_blocks
from ingestd.articles.witnesses import json_ld_text

#: A page with more elements is no newsroom's (the largest of 830 that were measured has 10,000), and would take
#: longer than a worker has.
MAX_ELEMENTS = 50_000
#: A shorter text is compared with what trafilatura finds.
_SHORT = 400
_TOO_SHORT = 250
#: More blocks of a page than these are no single paragraph.
_RUN_TOGETHER = 4
#: A shorter block may be a menu's or a button's.
_SENTENCE = 60


def read_body(root: etree._Element, url: str | None = None, hints: Hints | None = None) -> tuple[Block, ...]:
    """Return the blocks of the article's text; empty when there are none.  `root` is left as it was.

    Links resolve against `url` and are dropped without it.
    """
    if element_count(root) > MAX_ELEMENTS:
        return plain_blocks(root, url, shortest=1)
    placed = placed_blocks(root)
    blocks = container.story_blocks(placed, hints or Hints())
    if _length(blocks) < _SHORT:
        return _longest(
            tuple(block.resolved(url) for block in blocks), _ask(root, placed, url), plain_blocks(root, url)
        )
    return tuple(block.resolved(url) for block in json_ld_text.confirmed_blocks(blocks, json_ld_text.read(root)))


def plain_blocks(root: etree._Element, url: str | None = None, *, shortest: int = _SENTENCE) -> tuple[Block, ...]:
    """Return every block of at least `shortest` characters that is not mostly links."""
    return tuple(block for block in read_blocks(root, url) if len(block.text) >= shortest and block.link_share < 0.5)


def _ask(root: etree._Element, placed: Sequence[PlacedBlock], url: str | None) -> tuple[Block, ...]:
    """Return trafilatura's choice; where it makes one paragraph of many blocks, those of the page."""
    document = bare_extraction(root, include_comments=False, include_formatting=True, include_links=True)
    blocks = read_blocks(document.body, url) if isinstance(document, Document) else ()
    if len(blocks) == 1:
        within = tuple(one.block.resolved(url) for one in placed if one.block.text in blocks[0].text)
        return within if len(within) > _RUN_TOGETHER else blocks
    return blocks


def _longest(own: tuple[Block, ...], other: tuple[Block, ...], plain: tuple[Block, ...]) -> tuple[Block, ...]:
    """Return the longer of two readings, or every sentence of the page if that is far more than either."""
    best = max(own, other, key=_length)
    return plain if _length(best) < _TOO_SHORT and _length(plain) > 3 * _length(best) else best


def _length(blocks: tuple[Block, ...]) -> int:
    return sum(len(block.text) for block in blocks)
