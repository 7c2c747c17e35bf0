"""Decide what an article becomes: a new record, a revision, another carrier, or nothing new.

Identity is checked first, likeness second.  If the article's address or entry has a record of its own, the article is
that record, and a changed text is a revision of it.  An address does not identify the articles of entries that one
document lists side by side, each with another whole text: each is a record of its own.  Otherwise, if some record has
the text in any of its revisions, the article's entry becomes a carrier of that record.  A carrier whose text changes
later becomes a record of its own: a republisher's edit does not change the agency's story.
"""

from dataclasses import dataclass, replace
from typing import Literal

from ingestd.model.item import PubStatus
from ingestd.text import fold

#: new: make a record.  text, headline: make a revision of the record, because of that change.
#: carried: add a carrier to the record.  same: nothing changed.
Verdict = Literal["new", "text", "headline", "carried", "same"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The fields of a record and its current revision that the decision needs."""

    id: int
    revision: int
    content_hash: str
    headline: str | None
    #: The entry that made the record.
    origin_entry_id: int
    #: Whether its current revision is the content of an entry and not a page.
    fragment: bool = False
    #: The status of the record, which its further revisions have as well: a page does not undo an operator's kill.
    pubstatus: PubStatus = "usable"
    #: If it was reprocessed: the hashes and folded headlines that earlier rules extracted from the same page.
    other_hashes: frozenset[str] = frozenset()
    other_headlines: frozenset[str] = frozenset()

    def reprocessed(self, *, content_hash: str, headline: str | None) -> "Head":
        """Return the head with one more revision, extracted from the same page by other rules."""
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
    """The fields of a newly extracted article that the decision needs."""

    entry_id: int
    content_hash: str
    #: The hash of its text including the blocks that recur on its site.
    whole_hash: str
    headline: str | None
    #: The hash of the text that other rules extracted from a page with this text.  None: there is none.
    same_hash: str | None = None
    #: Whether it is the entry's own content and not the page at its address.
    fragment: bool
    #: The record that its entry already carries, if any.
    carries: int | None = None
    #: Whether its entry was listed beside the one that made the record of its address, in one document.
    listed_beside: bool = False


def decide(candidate: Candidate, *, own: Head | None, holder: Head | None) -> tuple[Verdict, Head | None]:
    """Return what a candidate becomes, and the record concerned; None for a new record.

    `own` is the record of its address, or the one that its entry made; `holder` is the record that has or had its text.

    A text that differs only by boilerplate recognised since is unchanged.  So is a text that earlier rules extracted
    for a record that was reprocessed since: a process that was not restarted still runs the earlier rules.  And so is
    one that today's rules extract from the record's own page.

    Whole texts that one document lists side by side are different articles, also at one address.

    Another feed's excerpt under a known address makes no revision; only the page at the address, or the entry that made
    the record, does.  A new headline over the same text counts only from that entry.
    """
    hashes = {candidate.content_hash, candidate.whole_hash, candidate.same_hash}
    if own and candidate.listed_beside and candidate.fragment and own.fragment and not _texts_of(own) & hashes:
        own = None
    known = own or holder
    if known is None:
        return "new", None
    carried_or_same: Verdict = "same" if candidate.carries == known.id else "carried"
    if own is None:
        return carried_or_same, known
    is_origin = candidate.entry_id == own.origin_entry_id
    if not _texts_of(own) & hashes:
        return ("text", own) if is_origin or not candidate.fragment else (carried_or_same, own)
    headlines = {fold(own.headline or ""), *own.other_headlines}
    if is_origin and candidate.headline and fold(candidate.headline) not in headlines:
        return "headline", own
    return "same" if is_origin else carried_or_same, own


def _texts_of(head: Head) -> set[str | None]:
    return {head.content_hash, *head.other_hashes}
