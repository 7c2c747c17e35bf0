"""Witness "text": names that sign a story, emphasised above or below it or in parentheses at its end."""

import re
from collections.abc import Sequence

from ingestd.articles.body.blocks import Block
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines

# "... in summer. (Ann Lee in Oslo, Bo Ray, 24.6.2020)", "... im Sommer. (kst/dpa)"
#: What parts the names of a line, and the characters of such a line.
_AND = re.compile(r"\s*[/,&|]\s*|\s(?:and|und|et|y|e|og|och|en|i|ve|dan)\s")
_MAX_NAME, _MAX_NAMES = 40, 80
# "ssi, dan", "ssi, dan; Foto: Shutterstock", "mha/dpa": initials on a line of their own.
_INITIALS = re.compile(r"([a-z]{2,4}(?:(?:,\s?|/|;\s?)[a-z]{2,4})*)(?:\s*[;,|]\s*(?:Fotos?|Bild(?:er)?|Photos?)\b.*)?")
#: Words of two to four letters that end a story but sign none.
_NO_INITIALS = frozenset("end ends fin ende fine koda more stop tags null red and the von und".split())
_IN_PARENTHESES = re.compile(r"(?:[.!?…\"”“»]|^)\s*[(\[]([^()\[\]]{2,120})[)\]]\s*\.?$")


def read(blocks: Sequence[Block]) -> Clues:
    """Return byline and authors from the first paragraph, the last paragraph, or the end of the last block.

    Only full names are accepted, since the line may be anything, and initials on a line of their own at the end.
    """
    paragraphs = [block for block in blocks if block.tag == "p"]
    if not paragraphs:
        return Clues()
    emphasised = filter(None, map(_emphasised_name, (paragraphs[0], paragraphs[-1])))
    byline = next(emphasised, None) or final_parentheses(blocks)
    names = tuple(filter(bylines.is_whole_name, bylines.people([byline] if byline else ())))
    if not names and (initials := _INITIALS.fullmatch(paragraphs[-1].text)):
        byline = initials[1]
        names = tuple(name for name in bylines.people([byline]) if name not in _NO_INITIALS)
    return Clues(byline=byline, authors=names) if names else Clues()


def final_parentheses(blocks: Sequence[Block]) -> str | None:
    """Return the words in parentheses after the last sentence; None without any."""
    match = _IN_PARENTHESES.search(blocks[-1].text[-160:]) if blocks else None
    return match[1] if match else None


def is_emphasised_name(block: Block) -> bool:
    """Return whether a block is one emphasised name or several.  A line in capitals is more often a heading."""
    return not block.text.isupper() and _emphasised_name(block) is not None


def _emphasised_name(block: Block) -> str | None:
    """Return the text of a block that is one emphasised name or several; None for any other block."""
    emphasised = len(block.runs) == 1 and block.runs[0].tag is not None
    if not emphasised or len(block.text) > _MAX_NAMES:
        return None
    names = _AND.split(block.text)
    return block.text if all(len(name) <= _MAX_NAME and bylines.is_whole_name(name) for name in names) else None
