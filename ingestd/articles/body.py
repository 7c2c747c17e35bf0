"""The body of an article's page, as blocks: trafilatura's choice, or our own reading where it loses the text."""

from lxml import etree
from trafilatura import bare_extraction
from trafilatura.settings import Document

from ingestd.articles.blocks import Block, read_blocks
from ingestd.articles.tree import count

#: A page with more elements is no newsroom's (the largest of 830 that were measured has 10,000), and would take
#: trafilatura longer than a worker has.
MAX_ELEMENTS = 50_000
#: A shorter text from trafilatura is compared with our own reading of the page.
_SHORT = 250
#: A shorter block may be a menu's or a button's.
_SENTENCE = 60


def read_body(root: etree._Element, url: str | None = None) -> tuple[Block, ...]:
    """Return the blocks of the article's text; empty when there are none.  `root` is left as it was."""
    if count(root) > MAX_ELEMENTS:
        return plain_blocks(root, url, shortest=1)
    document = bare_extraction(root, include_comments=False, include_formatting=True, include_links=True)
    blocks = read_blocks(document.body, url) if isinstance(document, Document) else ()
    if _length(blocks) < _SHORT:
        plain = plain_blocks(root, url)
        if _length(plain) > 3 * _length(blocks):
            return plain
    return blocks


def plain_blocks(root: etree._Element, url: str | None = None, *, shortest: int = _SENTENCE) -> tuple[Block, ...]:
    """Return every block of at least `shortest` characters that is not mostly links."""
    return tuple(block for block in read_blocks(root, url) if len(block.text) >= shortest and block.linked < 0.5)


def _length(blocks: tuple[Block, ...]) -> int:
    return sum(len(block.text) for block in blocks)
