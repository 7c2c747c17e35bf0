"""JSON-LD's articleBody: the page's own statement of which text is the story."""

import json
import re
from collections.abc import Iterator, Sequence
from html import unescape

from lxml import etree

from ingestd.articles.body.blocks import Block

# A pattern, not a JSON parser: parsing the whole script is slower, and it may be broken elsewhere.
_BODY = re.compile(r'"articleBody"\s*:\s*("(?:[^"\\]|\\.)*+")')
_NON_LETTERS = re.compile(r"[\W_]+")
_TAG = re.compile(r"<[^<>]*>")
#: Letters of the pieces in which texts are compared: long enough not to match by chance.
_PIECE = 20
#: Longer texts (characters) are not compared: the time grows with the product of both lengths.
_MAX_COMPARED = 100_000
#: articleBody is used only if it contains at least this share of the text; often it is the first paragraph alone.
_MIN_AGREEMENT = 0.7
_HEADINGS = ("h2", "h3", "h4")


def read(root: etree._Element) -> str:
    """Return the letters and digits of the page's longest articleBody, folded; empty when it has none."""
    scripts = (script for script in root.iter("script") if "ld+json" in script.get("type", ""))
    bodies = [body for script in scripts for body in _bodies(script.text or "")]
    return _letters(_TAG.sub(" ", unescape(max(bodies, key=len, default=""))))


def _bodies(script: str) -> Iterator[str]:
    # The search for a plain string is far faster than that for a pattern, also one that begins with it.
    for match in _BODY.finditer(script) if '"articleBody"' in script else ():
        try:
            yield json.loads(match[1], strict=False)
        except ValueError:  # an invalid escape
            continue


def confirmed_blocks(blocks: Sequence[Block], article_body: str) -> tuple[Block, ...]:
    """Return the blocks whose text is in `article_body`, which is a result of `read`.

    Headings stay, and so do the blocks above the first confirmed one: articleBody rarely has the dek.  Where
    articleBody does not contain most of the text, all blocks stay.
    """
    length = sum(len(block.text) for block in blocks)
    if max(len(article_body), length) > _MAX_COMPARED:
        return tuple(blocks)
    shares = [_share(_letters(block.text), article_body) for block in blocks] if article_body else []
    agreement = sum(len(block.text) * share for block, share in zip(blocks, shares, strict=False))
    if agreement < _MIN_AGREEMENT * length or not article_body:
        return tuple(blocks)
    first = next((at for at, share in enumerate(shares) if share > 0.5), 0)
    return tuple(block for at, block in enumerate(blocks) if at < first or shares[at] > 0.4 or block.tag in _HEADINGS)


def _letters(text: str) -> str:
    return _NON_LETTERS.sub("", text).casefold()


def _share(letters: str, article_body: str) -> float:
    """Return the share of a block's letters that is in articleBody, from 0 to 1."""
    pieces = [letters[at : at + _PIECE] for at in range(0, max(1, len(letters) - _PIECE + 1), _PIECE)]
    return sum(piece in article_body for piece in pieces) / len(pieces)
