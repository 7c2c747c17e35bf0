"""The text of an article as its page tells it to machines: JSON-LD's articleBody, a witness for what is the story."""

import json
import re
from collections.abc import Iterator, Sequence
from html import unescape

from lxml import etree

from ingestd.articles.body.blocks import Block

_SCRIPTS = etree.XPath("//script[contains(@type, 'ld+json')]")
# Without reading the rest of the script, which costs more and may be broken.
_BODY = re.compile(r'"articleBody"\s*:\s*("(?:[^"\\]|\\.)*+")')
_NO_LETTERS = re.compile(r"[\W_]+")
_TAG = re.compile(r"<[^<>]*>")
#: A story is compared in pieces of so many letters: long enough to be found nowhere else by chance.
_PIECE = 20
#: No story is longer (characters); to look for all pieces takes time with the product of both lengths.
_LONGEST = 100_000
#: What is told is believed where it holds most of what was read; often it is the first paragraph only.
_MOST = 0.7
_HEADINGS = ("h2", "h3", "h4")


def read(root: etree._Element) -> str:
    """Return the letters and digits of the page's articleBody, folded; empty where there is none."""
    told = [body for script in _SCRIPTS(root) for body in _bodies(script.text or "")]
    return _letters(_TAG.sub(" ", unescape(max(told, key=len, default=""))))


def _bodies(script: str) -> Iterator[str]:
    for match in _BODY.finditer(script):
        try:
            yield json.loads(match[1], strict=False)
        except ValueError:  # an escape that is none
            continue


def confirmed_blocks(blocks: Sequence[Block], told: str) -> tuple[Block, ...]:
    """Return the blocks without those that the page does not count as its article's text.

    Headings stay, and what stands above the first block that was told: the dek seldom is.  Where most of the blocks
    were not told, all stay.
    """
    length = sum(len(block.text) for block in blocks)
    if max(len(told), length) > _LONGEST:
        return tuple(blocks)
    shares = [_share(_letters(block.text), told) for block in blocks] if told else []
    if sum(len(block.text) * share for block, share in zip(blocks, shares, strict=False)) < _MOST * length or not told:
        return tuple(blocks)
    first = next((at for at, share in enumerate(shares) if share > 0.5), 0)
    return tuple(block for at, block in enumerate(blocks) if at < first or shares[at] > 0.4 or block.tag in _HEADINGS)


def _letters(text: str) -> str:
    return _NO_LETTERS.sub("", text).casefold()


def _share(letters: str, told: str) -> float:
    """Return how much of a block is in what was told, from 0 to 1."""
    pieces = [letters[at : at + _PIECE] for at in range(0, max(1, len(letters) - _PIECE + 1), _PIECE)]
    return sum(piece in told for piece in pieces) / len(pieces)
