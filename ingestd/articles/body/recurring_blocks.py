"""Remove blocks that recur in a site's articles, such as a motto, which the page alone does not show."""

import re
from collections.abc import Sequence
from hashlib import blake2b

from ingestd.articles.body.blocks import Block
from ingestd.articles.witnesses import bylines, dateline
from ingestd.model.page import RecurringBlocks
from ingestd.text import fold

#: In a line up to this length that is not a sentence, a number is a count or a date; the hash ignores its value.
_MAX_COUNTER = 60
_SENTENCE_ENDS = tuple('.!?…”"»。')
_NUMBER = re.compile(r"\d+")
#: A correction note belongs to the article, though such notes recur with the same opening.
_CORRECTION = re.compile(
    r"\W*(?:this\s+(?:story|article)\s+(?:has\s+been|was)\s+(?:corrected|updated|amended)|an\s+earlier\s+version"
    r"|correct(?:ion|ed)\b|clarification\b|berichtigung|korrektur|richtigstellung|rectificati(?:f|on)|erratum"
    r"|correcci[oó]n|rettifica|errata|rectificatie|correctie|rättelse|rättat|correção|sprostowanie)",
    re.IGNORECASE,
)


def block_hash(paragraph: str) -> int:
    """Return a 48-bit hash of a block's folded text; numbers in short lines that are not sentences are ignored."""
    folded = fold(paragraph)
    if len(folded) <= _MAX_COUNTER and not paragraph.endswith(_SENTENCE_ENDS):
        folded = _NUMBER.sub("0", folded)
    return int.from_bytes(blake2b(folded.encode("utf-8", "replace"), digest_size=6).digest())


def without_recurring_blocks(blocks: Sequence[Block], recurring_blocks: RecurringBlocks) -> tuple[Block, ...]:
    """Return the blocks that do not recur in the site's other articles, in order.

    Keeps blocks with the article's own dateline, byline or correction note.  Keeps all blocks where more than half of
    the text would be removed: the site then has the same article at several addresses.
    """
    if not recurring_blocks.lines:
        return tuple(blocks)
    kept = tuple(block for block in blocks if not _is_recurring(block, recurring_blocks))
    return kept if 2 * _length(kept) >= _length(blocks) else tuple(blocks)


def _is_recurring(block: Block, recurring_blocks: RecurringBlocks) -> bool:
    is_prose = block.text.endswith(_SENTENCE_ENDS) and block.link_share < 0.5
    hashes = recurring_blocks.prose if is_prose else recurring_blocks.lines
    return block_hash(block.text) in hashes and not _belongs_to_article(block.text)


def _belongs_to_article(line: str) -> bool:
    return (
        dateline.split(line)[0] is not None
        or (line.isupper() and "," in line)  # a dateline on its own line: "BAAR, SWITZERLAND"
        or bylines.is_byline(line)
        or _CORRECTION.match(line) is not None
    )


def _length(blocks: Sequence[Block]) -> int:
    return sum(len(block.text) for block in blocks)
