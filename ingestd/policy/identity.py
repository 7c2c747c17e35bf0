"""What an article becomes: a new record, a revision, one more carrier, or nothing new.

Identity comes first, likeness second.  An article whose address or entry already has a record of its own is that
record, and a changed text is a revision of it.  Otherwise, a text that some record has, in any of its revisions,
makes its entry a carrier of that record.  A carrier that goes its own way later becomes a record of its own:
what a republisher edits is no edit of the agency's story.
"""

from dataclasses import dataclass
from typing import Literal

from ingestd.text import fold

#: new: a record is made.  text, headline: a revision of `record`, by what changed.
#: carried: `record` has one more carrier.  same: nothing changed.
Verdict = Literal["new", "text", "headline", "carried", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A record as the decision needs it: which it is, and what its current revision says."""

    id: int
    revision: int
    content_hash: str
    headline: str | None
    #: The entry that made the record.
    origin_entry_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An article that was just extracted, as the decision needs it."""

    entry_id: int
    content_hash: str
    #: The hash of its text with what is known by now to be its site's furniture.
    whole_hash: str
    headline: str | None
    #: Whether it came out of the feed itself and not off the page at its address.
    fragment: bool
    #: The record that its entry carries already.
    carries: int | None = None


def decide(candidate: Candidate, *, own: Head | None, holder: Head | None) -> tuple[Verdict, Head | None]:
    """Decide what a candidate becomes, and of which record.

    `own` is the record of its address, or that its entry made; `holder` the record that has or had its text.

    A text that differs only by what we left out of it since is the same.

    Another feed's excerpt under a known address revises nothing: only the page at the address,
    or the entry that made the record, may.  A new headline over the same text counts only from that entry.
    """
    known = own or holder
    if known is None:
        return "new", None
    again: Verdict = "same" if candidate.carries == known.id else "carried"
    if own is None:
        return again, known
    is_origin = candidate.entry_id == own.origin_entry_id
    if own.content_hash not in (candidate.content_hash, candidate.whole_hash):
        return ("text", own) if is_origin or not candidate.fragment else (again, own)
    if is_origin and candidate.headline and fold(candidate.headline) != fold(own.headline or ""):
        return "headline", own
    return "same" if is_origin else again, own
