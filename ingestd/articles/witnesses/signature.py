"""Who signs a story in its own text: a name in bold above or below it, or names in parentheses at its end."""

import re
from collections.abc import Sequence

from ingestd.articles.body.blocks import Block
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines

#: "Ann Lee", "Jean-Luc van der Berg"; a name in capitals is more often a heading.
_WORD = r"[^\W\d_a-zß-ÿ][\w.'’-]*"
_NAME = re.compile(rf"{_WORD}(?:\s(?:{_WORD}|d[aei]|de[lnr]?|la|van|von|zu|ten|ter|al|bin|el)){{1,4}}")
# "... in summer. (Ann Lee in Oslo, Bo Ray, 24.6.2020)", "... im Sommer. (kst/dpa)"
_IN_PARENTHESES = re.compile(r"(?:[.!?…\"”“»]|^)\s*[(\[]([^()\[\]]{2,120})[)\]]\s*\.?$")


def read(blocks: Sequence[Block]) -> Clues:
    """Return what the first, the last, and the end of the last block say of who wrote the story.

    Only whole names are believed, since any line may stand there.
    """
    paragraphs = [block for block in blocks if block.tag == "p"]
    if not paragraphs:
        return Clues()
    printed = next(filter(None, map(_line, (paragraphs[0], paragraphs[-1]))), None) or final_parentheses(blocks)
    names = tuple(name for name in bylines.people([printed] if printed else ()) if _NAME.fullmatch(name))
    return Clues(byline=printed, authors=names) if names else Clues()


def final_parentheses(blocks: Sequence[Block]) -> str | None:
    """Return what stands in parentheses behind the last sentence."""
    match = _IN_PARENTHESES.search(blocks[-1].text[-160:]) if blocks else None
    return match[1] if match else None


def _line(block: Block) -> str | None:
    """Return a block that is a name, and set apart from the text by its look."""
    emphasised = len(block.runs) == 1 and block.runs[0].tag is not None
    return block.text if emphasised and len(block.text) <= 40 and _NAME.fullmatch(block.text) else None
