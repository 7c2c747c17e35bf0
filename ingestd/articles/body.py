"""The body of an article's page, as blocks: our own reading, or trafilatura's where that finds little."""

from lxml import etree
from trafilatura import bare_extraction
from trafilatura.settings import Document

from ingestd.articles import container, told
from ingestd.articles.blocks import Block
from ingestd.articles.container import Hints
from ingestd.articles.tree import count
from ingestd.articles.walk import place_blocks, read_blocks

#: A page with more elements is no newsroom's (the largest of 830 that were measured has 10,000), and would take
#: longer than a worker has.
MAX_ELEMENTS = 50_000
#: A shorter text is compared with what trafilatura finds.
_SHORT = 400
#: A shorter block may be a menu's or a button's.
_SENTENCE = 60


def read_body(root: etree._Element, url: str | None = None, hints: Hints | None = None) -> tuple[Block, ...]:
    """Return the blocks of the article's text; empty when there are none.  `root` is left as it was.

    Links resolve against `url` and are dropped without it.
    """
    if count(root) > MAX_ELEMENTS:
        return plain_blocks(root, url, shortest=1)
    blocks = container.choose(place_blocks(root), hints or Hints())
    if _length(blocks) < _SHORT:
        return _longest(tuple(block.resolved(url) for block in blocks), root, url)
    return tuple(block.resolved(url) for block in told.agreed(blocks, told.read(root)))


def plain_blocks(root: etree._Element, url: str | None = None, *, shortest: int = _SENTENCE) -> tuple[Block, ...]:
    """Return every block of at least `shortest` characters that is not mostly links."""
    return tuple(block for block in read_blocks(root, url) if len(block.text) >= shortest and block.linked < 0.5)


def _longest(blocks: tuple[Block, ...], root: etree._Element, url: str | None) -> tuple[Block, ...]:
    """Return the longer of our own reading and trafilatura's; every sentence of the page if that is far more."""
    document = bare_extraction(root, include_comments=False, include_formatting=True, include_links=True)
    other = read_blocks(document.body, url) if isinstance(document, Document) else ()
    best = max(blocks, other, key=_length)
    plain = plain_blocks(root, url) if _length(best) < 250 else ()
    return plain if _length(plain) > 3 * _length(best) else best


def _length(blocks: tuple[Block, ...]) -> int:
    return sum(len(block.text) for block in blocks)
