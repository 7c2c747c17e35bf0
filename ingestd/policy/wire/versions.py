"""What a version of a wire item does to its record: which one counts, and what takes the others back.

The newer version counts: of a higher versioncreated, or else a higher number.  What comes late is history.  A kill
takes back every version that is not surely newer, those that come after it among them.  So what becomes of a record
does not depend on the order in which its versions come in, as far as they have times and numbers: what has neither
counts as it comes, unless it would undo a kill.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from ingestd.model.item import Item, PubStatus
from ingestd.model.version import Version
from ingestd.policy.wire.embargo import held
from ingestd.policy.wire.version_order import Mark, is_surely_older, order
from ingestd.text import fold

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
    #: When its embargo ends.
    release_at: datetime | None = None


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
    #: When its embargo ends from then on.
    release_at: datetime | None = None
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
    if standing is None:
        first = _by_status(None, sent.pubstatus) or "new"
        return _turn(sent, first, first, ())
    if _is_there(sent, standing):
        again: Change = "same" if sent.source_id in standing.carriers else "carried"
        return Step(change=again, pubstatus=sent.pubstatus, record_status=standing.pubstatus)
    cancels: tuple[int, ...] = ()
    if sent.pubstatus == "canceled":
        cancels = tuple(k.revision for k in standing.kept if k.pubstatus != "canceled" and _takes_back(sent.mark, k))
    if _is_late(sent, standing):
        return _late(sent, standing, cancels)
    sent = _at_least_as_strict(sent, standing)
    happened = _by_status(standing.pubstatus, sent.pubstatus)
    change = happened or _change(sent, standing.current)
    return _turn(sent, change, happened or ("corrected" if sent.is_correction else "revised"), cancels)


def _turn(sent: Sent, change: Change, happened: Happened, cancels: tuple[int, ...]) -> Step:
    return Step(
        change=change,
        pubstatus=sent.pubstatus,
        record_status=sent.pubstatus,
        release_at=sent.release_at,
        cancels=cancels,
        happened=happened,
    )


def _late(sent: Sent, standing: Standing, cancels: tuple[int, ...]) -> Step:
    kills = (kept for kept in standing.kept if kept.pubstatus == "canceled")
    taken_back = any(not is_surely_older(kill.mark, sent.mark) for kill in kills)
    own: PubStatus = "canceled" if taken_back else sent.pubstatus
    return Step(change="late", pubstatus=own, record_status=standing.pubstatus, cancels=cancels)


def _at_least_as_strict(sent: Sent, standing: Standing) -> Sent:
    """Return a version with the status it has where another route brings the current one once more.

    Formats say more or less: that one lacks an embargo is no word against it.
    """
    if not _is_other_route(sent, standing.current) or order(sent.mark, standing.current.mark) != 0:
        return sent
    if _STRICT[sent.pubstatus] < _STRICT[standing.pubstatus]:
        return replace(sent, pubstatus=standing.pubstatus, release_at=standing.release_at)
    if sent.pubstatus == standing.pubstatus and not _ends_later(sent, standing):
        return replace(sent, release_at=standing.release_at)
    return sent


def _is_other_route(sent: Sent, kept: Kept) -> bool:
    # What comes the same way as before and says something else means to.
    return (kept.source_id, kept.format) != (sent.source_id, sent.format)


def _ends_later(sent: Sent, standing: Standing) -> bool:
    """Say whether an embargo ends later than the record's; one without an end is the latest."""
    if sent.release_at is None or standing.release_at is None:
        return standing.release_at is not None
    return sent.release_at > standing.release_at


#: The stricter of two statuses is kept to.
_STRICT: Mapping[PubStatus, int] = {"usable": 0, "withheld": 1, "canceled": 2}


def _by_status(before: PubStatus | None, after: PubStatus) -> Literal["killed", "withheld", "released"] | None:
    """Return what happens to a record by its status alone."""
    if after == before or (before is None and after == "usable"):
        return None
    if after == "canceled":
        return "killed"
    return "withheld" if after == "withheld" else "released"


def _is_there(sent: Sent, standing: Standing) -> bool:
    """Say whether a version was kept already: from any source, and in whatever format."""
    is_stricter = _STRICT[sent.pubstatus] > _STRICT[standing.pubstatus]
    if any(kept.item_hash == sent.item_hash for kept in standing.kept):
        # Said before; but a hold that is put on again is one.
        return not is_stricter or order(sent.mark, standing.current.mark) == -1
    return any(_says_the_same(sent, kept, standing) for kept in standing.kept)


def _says_the_same(sent: Sent, kept: Kept, standing: Standing) -> bool:
    """Say whether a version is a kept one, by another route."""
    if not _is_other_route(sent, kept) or order(sent.mark, kept.mark) != 0:
        return False
    if kept.pubstatus == "canceled":
        return sent.pubstatus == "canceled" or _text(kept) == _text(sent)
    if _text(kept) != _text(sent) or _STRICT[sent.pubstatus] > _STRICT[kept.pubstatus]:
        return False
    is_held = kept.revision == standing.current.revision and sent.pubstatus == "withheld"
    return not (is_held and _ends_later(sent, standing))


def _text(one: Kept | Sent) -> tuple[str, str]:
    return one.content_hash, fold(one.headline or "")


def _takes_back(kill: Mark, kept: Kept) -> bool:
    return not is_surely_older(kill, kept.mark)


def _is_late(sent: Sent, standing: Standing) -> bool:
    """Say whether a version is older than the current one; a kill is only undone by what is surely newer."""
    current = standing.current.mark
    if sent.pubstatus == "canceled":
        return is_surely_older(sent.mark, current)
    if standing.pubstatus == "canceled":
        return not is_surely_older(current, sent.mark)
    return order(sent.mark, current) == -1


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
