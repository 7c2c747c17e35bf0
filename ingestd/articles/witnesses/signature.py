"""Witness "text": names that sign a story, emphasised above or below it or in parentheses at its end."""

import re
from collections.abc import Sequence

from ingestd.articles.body.blocks import Block
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines

#: "Ann Lee", "Jean-Luc van der Berg".  A line in capitals is more often a heading than a name.
_WORD = r"[^\W\d_a-zß-ÿ][\w.'’-]*"
_NAME = re.compile(rf"{_WORD}(?:\s(?:{_WORD}|d[aei]|de[lnr]?|la|van|von|zu|ten|ter|al|bin|el)){{1,4}}")
# "... in summer. (Ann Lee in Oslo, Bo Ray, 24.6.2020)", "... im Sommer. (kst/dpa)"
_IN_PARENTHESES = re.compile(r"(?:[.!?…\"”“»]|^)\s*[(\[]([^()\[\]]{2,120})[)\]]\s*\.?$")


def read(blocks: Sequence[Block]) -> Clues:
    """Return byline and authors from the first paragraph, the last paragraph, or the end of the last block.

    Only full names are accepted, since the line may be anything.
    """
    paragraphs = [block for block in blocks if block.tag == "p"]
    if not paragraphs:
        return Clues()
    emphasised = filter(None, map(_emphasised_name, (paragraphs[0], paragraphs[-1])))
    byline = next(emphasised, None) or final_parentheses(blocks)
    names = tuple(name for name in bylines.people([byline] if byline else ()) if _NAME.fullmatch(name))
    return Clues(byline=byline, authors=names) if names else Clues()


def final_parentheses(blocks: Sequence[Block]) -> str | None:
    """Return the words in parentheses after the last sentence; None without any."""
    match = _IN_PARENTHESES.search(blocks[-1].text[-160:]) if blocks else None
    return match[1] if match else None


def _emphasised_name(block: Block) -> str | None:
    """Return the text of a block that is an emphasised name; None for any other block."""
    emphasised = len(block.runs) == 1 and block.runs[0].tag is not None
    return block.text if emphasised and len(block.text) <= 40 and _NAME.fullmatch(block.text) else None
