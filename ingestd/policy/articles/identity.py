"""What an article becomes: a new record, a revision, one more carrier, or nothing new.

Identity comes first, likeness second.  An article whose address or entry already has a record of its own is that
record, and a changed text is a revision of it.  Otherwise, a text that some record has, in any of its revisions,
makes its entry a carrier of that record.  A carrier that goes its own way later becomes a record of its own:
what a republisher edits is no edit of the agency's story.
"""

from dataclasses import dataclass, replace
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
    #: Where it was made again by other rules: the hashes and folded headlines that those before made of the same page.
    other_hashes: frozenset[str] = frozenset()
    other_headlines: frozenset[str] = frozenset()

    def reprocessed(self, *, content_hash: str, headline: str | None) -> "Head":
        """Return the head with one more revision that other rules made of the same page."""
        return replace(
            self,
            revision=self.revision + 1,
            content_hash=content_hash,
            headline=headline,
            other_hashes=self.other_hashes | {self.content_hash},
            other_headlines=self.other_headlines | {fold(self.headline or "")},
        )


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

    A text that differs only by what we left out of it since is the same; so is one as the record's page gave it before
    it was made again, which a process that still has those rules reads off it.

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
    if not {own.content_hash, *own.other_hashes} & {candidate.content_hash, candidate.whole_hash}:
        return ("text", own) if is_origin or not candidate.fragment else (again, own)
    headlines = {fold(own.headline or ""), *own.other_headlines}
    if is_origin and candidate.headline and fold(candidate.headline) not in headlines:
        return "headline", own
    return "same" if is_origin else again, own
