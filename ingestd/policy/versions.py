"""What a version of a wire item does to its record: which one counts, and what takes the others back.

The newer version counts: of a higher versioncreated, or else a higher number.  What comes late is history.  A kill
takes back every version that is not known to be newer, those that come after it among them.  So what becomes of a
record does not depend on the order in which its versions come in.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ingestd.items import Item, PubStatus
from ingestd.text import fold

#: What a version becomes.  new, killed, withheld, released, corrected, text, headline, fields, silent: the current
#: revision, by what it does or what it changes.  late: a revision that is history from the start.  carried: one more
#: carrier of a version that is there.  same: nothing.
Change = Literal[
    "new", "killed", "withheld", "released", "corrected", "text", "headline", "fields", "silent", "late",
    "carried", "same",
]  # fmt: skip

_NUMBER = re.compile(r"\d{1,18}")
#: A URI, a UUID or a digest: nobody else has the same by chance.
_UNIQUE = re.compile(
    r"[a-z][a-z0-9+.-]+:\S{6,}|[0-9a-f]{32,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What versions are put in order by."""

    version: str | None
    versioncreated: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A version as it was kept."""

    revision: int
    mark: Mark
    pubstatus: PubStatus
    content_hash: str
    item_hash: str | None
    headline: str | None
    #: The source that sent it.
    source_id: int


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
    is_correction: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What a version does to its record."""

    change: Change
    #: The status of its revision, and of the record from then on.
    pubstatus: PubStatus
    record_status: PubStatus
    #: Revisions that it takes back.
    cancels: tuple[int, ...] = ()

    @property
    def is_kept(self) -> bool:
        """Whether it is a revision."""
        return self.change not in ("carried", "same")

    @property
    def is_current(self) -> bool:
        """Whether that is the record's current one."""
        return self.is_kept and self.change != "late"


def key_of(item: Item, source_id: int) -> str:
    """Return what all versions of an item have in common, by whichever source they come, and nothing else has.

    A guid that is a URI, a UUID or a digest is that by itself; a number or a slug line together with its provider, or
    else with its source.
    """
    if _UNIQUE.fullmatch(item.guid):
        return item.guid
    provider = item.provider and (item.provider.uri or item.provider.code or item.provider.name)
    return f"{provider or f'source {source_id}'} {item.guid}"


def corrects(item: Item) -> bool:
    """Say whether a version is sent to correct one before, which a writethru is as well."""
    return item.is_correction or "writethru" in item.signals


def order(one: Mark, other: Mark) -> int | None:
    """Return 1 where a version is newer than another, -1 where it is older, 0 where it is the same, None: unknown.

    versioncreated decides, and the number where that is the same or missing.  A version that is no number ("2nd Ld")
    counts by the number in it; parts between dots count one by one.
    """
    first, second = one.versioncreated, other.versioncreated
    if first and second and first != second:
        return 1 if first > second else -1
    if one.version == other.version:
        return 0 if one.version or (first and second) else None
    if one.version is None or other.version is None:
        return 0 if first and second else None
    numbers = _numbers(one.version), _numbers(other.version)
    if not all(numbers) or numbers[0] == numbers[1]:
        return None
    return 1 if numbers[0] > numbers[1] else -1


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBER.findall(version)[:8])


def step(sent: Sent, standing: Standing | None) -> Step:
    """Decide what a version does to the record of its guid; None is one that there is not yet."""
    if standing is None:
        change: Change = "killed" if sent.pubstatus == "canceled" else _first(sent)
        return Step(change=change, pubstatus=sent.pubstatus, record_status=sent.pubstatus)
    if _is_there(sent, standing):
        again: Change = "same" if sent.source_id in standing.carriers else "carried"
        return Step(change=again, pubstatus=sent.pubstatus, record_status=standing.pubstatus)
    cancels: tuple[int, ...] = ()
    if sent.pubstatus == "canceled":
        cancels = tuple(k.revision for k in standing.kept if k.pubstatus != "canceled" and _takes_back(sent, k))
    if _is_late(sent, standing):
        taken_back = any(k.pubstatus == "canceled" and order(sent.mark, k.mark) != 1 for k in standing.kept)
        status: PubStatus = "canceled" if taken_back else sent.pubstatus
        return Step(change="late", pubstatus=status, record_status=standing.pubstatus, cancels=cancels)
    change = _change(sent, standing)
    return Step(change=change, pubstatus=sent.pubstatus, record_status=sent.pubstatus, cancels=cancels)


def _first(sent: Sent) -> Change:
    return "withheld" if sent.pubstatus == "withheld" else "new"


def _is_there(sent: Sent, standing: Standing) -> bool:
    """Say whether a version was kept already: from any source, and in whatever format."""
    for kept in standing.kept:
        if kept.item_hash == sent.item_hash:
            return True
        same_text = kept.content_hash == sent.content_hash and fold(kept.headline or "") == fold(sent.headline or "")
        if kept.source_id != sent.source_id and same_text and order(sent.mark, kept.mark) == 0:
            return kept.pubstatus in (sent.pubstatus, "canceled")
    return False


def _takes_back(kill: Sent, kept: Kept) -> bool:
    return order(kept.mark, kill.mark) != 1


def _is_late(sent: Sent, standing: Standing) -> bool:
    """Say whether a version is older than the current one; a kill is only undone by what is known to be newer."""
    found = order(sent.mark, standing.current.mark)
    if standing.pubstatus == "canceled" and sent.pubstatus != "canceled":
        return found != 1
    return found == -1


def _change(sent: Sent, standing: Standing) -> Change:
    before, after = standing.pubstatus, sent.pubstatus
    if after != before:
        by_status: dict[PubStatus, Change] = {"canceled": "killed", "withheld": "withheld", "usable": "released"}
        return by_status[after]
    if order(sent.mark, standing.current.mark) == 0:
        return "silent"
    if sent.is_correction:
        return "corrected"
    if sent.content_hash != standing.current.content_hash:
        return "text"
    if fold(sent.headline or "") != fold(standing.current.headline or ""):
        return "headline"
    return "fields"
