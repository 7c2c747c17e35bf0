"""What a version of a wire item does to its record: which one counts, and what takes the others back.

The newer version counts: of a higher versioncreated, or else a higher number.  What comes late is history.  A kill
takes back every version that is not known to be newer, those that come after it among them.  So what becomes of a
record does not depend on the order in which its versions come in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestd.items import Item, PubStatus
from ingestd.policy.embargo import held
from ingestd.policy.version_order import Mark, order
from ingestd.text import fold
from ingestd.versions import Version

#: What happens to a record by a version that is its current one from then on.
Happened = Literal["new", "revised", "corrected", "killed", "withheld", "released"]

#: What a version becomes.  new, killed, withheld, released, corrected, text, headline, fields, silent: the current
#: revision, by what it does or what it changes.  late: a revision that is history from the start.  carried: one more
#: carrier of a version that is there.  same: nothing.
Change = Literal[
    "new", "killed", "withheld", "released", "corrected", "text", "headline", "fields", "silent", "late",
    "carried", "same",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A version as it was kept."""

    revision: int
    mark: Mark
    pubstatus: PubStatus
    content_hash: str
    item_hash: str | None
    headline: str | None
    #: The source that sent it, and in which format.
    source_id: int
    format: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A record before a version comes in: its status, which revision is the current one, and all there are."""

    pubstatus: PubStatus
    current: Kept
    kept: Sequence[Kept]
    #: The sources that carry it.
    carriers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A version as it comes in."""

    mark: Mark
    #: As of now: what is under an embargo that has ended is usable.
    pubstatus: PubStatus
    content_hash: str
    item_hash: str
    headline: str | None
    source_id: int
    format: str
    is_correction: bool = False
    #: When an embargo ends, of what is withheld; None: not by itself.
    release_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a version does to its record."""

    change: Change
    #: The status of its revision, and of the record from then on.
    pubstatus: PubStatus
    record_status: PubStatus
    #: Revisions that it takes back.
    cancels: tuple[int, ...] = ()
    #: None where the record stays as it is.
    happened: Happened | None = None

    @property
    def is_kept(self) -> bool:
        """Whether it is a revision."""
        return self.change not in ("carried", "same")

    @property
    def is_current(self) -> bool:
        """Whether that is the record's current one."""
        return self.is_kept and self.change != "late"


def sent_of(version: Version, source_id: int, now: datetime) -> Sent:
    """Return what a version is that comes in now from a source."""
    item, article, hold = version.item, version.article, held(version.item)
    status: PubStatus = item.pubstatus
    if status != "canceled":
        status = "withheld" if hold and (hold.until is None or hold.until > now) else "usable"
    return Sent(
        mark=Mark(version=item.version, versioncreated=article.versioncreated),
        pubstatus=status,
        content_hash=version.content_hash,
        item_hash=version.item_hash,
        headline=article.headline,
        source_id=source_id,
        format=version.format,
        is_correction=corrects(item),
        release_at=hold.until if hold and status == "withheld" else None,
    )


def corrects(item: Item) -> bool:
    """Say whether a version is sent to correct one before, which a writethru is as well."""
    return item.is_correction or "writethru" in item.signals


def step(sent: Sent, standing: Standing | None) -> Step:
    """Decide what a version does to the record of its guid; None is one that there is not yet."""
    status = sent.pubstatus
    if standing is None:
        first = _by_status(None, status) or "new"
        return Step(change=first, pubstatus=status, record_status=status, happened=first)
    if _is_there(sent, standing):
        again: Change = "same" if sent.source_id in standing.carriers else "carried"
        return Step(change=again, pubstatus=sent.pubstatus, record_status=standing.pubstatus)
    cancels: tuple[int, ...] = ()
    if sent.pubstatus == "canceled":
        cancels = tuple(k.revision for k in standing.kept if k.pubstatus != "canceled" and _takes_back(sent, k))
    if _is_late(sent, standing):
        taken_back = any(k.pubstatus == "canceled" and order(sent.mark, k.mark) != 1 for k in standing.kept)
        own: PubStatus = "canceled" if taken_back else status
        return Step(change="late", pubstatus=own, record_status=standing.pubstatus, cancels=cancels)
    by_status = _by_status(standing.pubstatus, status)
    return Step(
        change=by_status or _change(sent, standing.current),
        pubstatus=status,
        record_status=status,
        cancels=cancels,
        happened=by_status or ("corrected" if sent.is_correction else "revised"),
    )


def _by_status(before: PubStatus | None, after: PubStatus) -> Literal["killed", "withheld", "released"] | None:
    """Return what happens to a record by its status alone."""
    if after == before or (before is None and after == "usable"):
        return None
    if after == "canceled":
        return "killed"
    return "withheld" if after == "withheld" else "released"


def _is_there(sent: Sent, standing: Standing) -> bool:
    """Say whether a version was kept already: from any source, and in whatever format."""
    for kept in standing.kept:
        if kept.item_hash == sent.item_hash:
            return True
        # Formats say more or less; what comes the same way as before and says something else means to.
        if (kept.source_id, kept.format) == (sent.source_id, sent.format) or order(sent.mark, kept.mark) != 0:
            continue
        if kept.pubstatus == sent.pubstatus == "canceled":
            return True
        if _text(kept) == _text(sent):
            return kept.pubstatus in (sent.pubstatus, "canceled")
    return False


def _text(one: Kept | Sent) -> tuple[str, str]:
    return one.content_hash, fold(one.headline or "")


def _takes_back(kill: Sent, kept: Kept) -> bool:
    return order(kept.mark, kill.mark) != 1


def _is_late(sent: Sent, standing: Standing) -> bool:
    """Say whether a version is older than the current one; a kill is only undone by what is known to be newer."""
    found = order(sent.mark, standing.current.mark)
    if standing.pubstatus == "canceled" and sent.pubstatus != "canceled":
        return found != 1
    return found == -1


def _change(sent: Sent, current: Kept) -> Change:
    if order(sent.mark, current.mark) == 0:
        return "silent"
    if sent.is_correction:
        return "corrected"
    if sent.content_hash != current.content_hash:
        return "text"
    if fold(sent.headline or "") != fold(current.headline or ""):
        return "headline"
    return "fields"
