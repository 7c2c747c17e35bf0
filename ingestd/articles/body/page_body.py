"""Body of an article's page as blocks: found by `container`, or by trafilatura where `container` finds little."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from lxml import etree
from trafilatura import bare_extraction
from trafilatura.settings import Document

from ingestd.articles.body import boxes, container
from ingestd.articles.body.blocks import Block
from ingestd.articles.body.container import HeaderFields
from ingestd.articles.body.tree import element_count, html_elements
from ingestd.articles.body.walk import PlacedBlock, placed_blocks, read_blocks
from ingestd.articles.witnesses import json_ld_text
from ingestd.text import latin_length

#: The largest of 830 measured pages has 10,000 elements.  A page with more than this would exceed the worker's time
#: limit.
MAX_ELEMENTS = 50_000
#: A text with fewer characters is compared with trafilatura's.
_COMPARE_BELOW = 400
#: If even the longer of the two has fewer characters, all blocks of the page may be the text.
_PLAIN_BELOW = 250
#: If trafilatura's one paragraph holds the text of more blocks than this, it has merged them.
_MERGED_BLOCKS = 4
#: The same if it holds two or more blocks that are this share of it.
_MERGED_SHARE = 0.9
#: A shorter block may be a menu item or a button.
_MIN_PLAIN = 60


def read_body(root: etree._Element, url: str | None = None, header: HeaderFields | None = None) -> tuple[Block, ...]:
    """Return the blocks of the article's text; empty when there are none.  Does not change `root`.

    Links resolve against `url`; without it they are dropped.
    """
    if element_count(root) > MAX_ELEMENTS:
        return plain_blocks(root, url, shortest=1)
    placed = placed_blocks(root)
    blocks = container.story_blocks(placed, header or HeaderFields())
    if sum(len(block.text) for block in blocks) < _COMPARE_BELOW:
        walls = {block.text for block in blocks if block.is_wall}
        interface = boxes.interface_texts(root, placed)
        return _longest(
            tuple(block.resolved(url) for block in blocks),
            _marked(_trafilatura_blocks(root, placed, url), interface, walls),
            lambda: _marked(plain_blocks(root, url), interface, walls),
        )
    return tuple(block.resolved(url) for block in json_ld_text.confirmed_blocks(blocks, json_ld_text.read(root)))


def plain_blocks(root: etree._Element, url: str | None = None, *, shortest: int = _MIN_PLAIN) -> tuple[Block, ...]:
    """Return all blocks of at least `shortest` characters that are not mostly link text."""
    return tuple(
        block for block in read_blocks(root, url) if latin_length(block.text) >= shortest and block.link_share < 0.5
    )


def _trafilatura_blocks(root: etree._Element, placed: Sequence[PlacedBlock], url: str | None) -> tuple[Block, ...]:
    """Return trafilatura's blocks; where it merged many blocks into one paragraph, the page's own blocks."""
    page = html_elements(root)
    document = bare_extraction(page, include_comments=False, include_formatting=True, include_links=True)
    blocks = read_blocks(document.body, url) if isinstance(document, Document) else ()
    if len(blocks) == 1:
        merged = tuple(one.block.resolved(url) for one in placed if one.block.text in blocks[0].text)
        is_whole = len(merged) > 1 and _length(merged) >= _MERGED_SHARE * _length(blocks)
        return merged if is_whole or len(merged) > _MERGED_BLOCKS else blocks
    return blocks


def _marked(blocks: tuple[Block, ...], interface: Collection[str], walls: Collection[str]) -> tuple[Block, ...]:
    """Return blocks without those of the interface, and with paywalls marked as what they are."""
    if not (interface or walls):
        return blocks
    return tuple(
        replace(block, is_wall=block.is_wall or block.text in walls) for block in blocks if block.text not in interface
    )


def _longest(
    own: tuple[Block, ...], other: tuple[Block, ...], plain_of: Callable[[], tuple[Block, ...]]
) -> tuple[Block, ...]:
    """Return the longer of two results, or all plain blocks of the page if they are far longer than both."""
    best = max(own, other, key=_length)
    if any(block.is_wall for block in own):
        # What stands below a paywall is no story, however long it is.
        best = max(own, other, key=_length_above_wall)
    elif _letters(own) == _letters(other):
        best = own
    plain = plain_of() if _length(best) < _PLAIN_BELOW else ()
    return plain if _length(plain) > 3 * _length(best) else best


def _letters(blocks: tuple[Block, ...]) -> str:
    return "".join("".join(block.text for block in blocks).split())


def _length_above_wall(blocks: tuple[Block, ...]) -> int:
    """Return the length of the text above a paywall; 0 without one, since nothing tells where its story ends."""
    wall = next((number for number, block in enumerate(blocks) if block.is_wall), 0)
    return _length(blocks[:wall])


def _length(blocks: tuple[Block, ...]) -> int:
    return sum(latin_length(block.text) for block in blocks)
