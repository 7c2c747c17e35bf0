"""Types and descriptions of the settings that say how long data is kept."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from ingestd.settings.values import _bytes, _seconds, _show_bytes, _show_seconds, _split_list

HOUR, DAY = 3600.0, 86_400.0

#: Longest duration, in seconds: what is kept longer is kept for ever.
_LONGEST = 36_500 * DAY

_NO_LIMIT = frozenset({"unlimited", "off"})
_FOR_EVER = frozenset({"forever", "for ever", "off"})


def _kept(value: object) -> float | None:
    return None if value is None or value in _FOR_EVER else _seconds(value)


def _show_kept(seconds: float | None) -> str:
    return "forever" if seconds is None else _show_seconds(seconds)


def _revisions(value: object) -> object:
    if value in ("all", "current"):
        return value
    seconds = _kept(value)
    return "all" if seconds is None else seconds


def _records_of(value: object) -> tuple[tuple[str, float | None], ...]:
    """Read lines "SITE = DURATION" or "URL = DURATION"; raises ValueError."""
    lines = _split_list(value)
    if not isinstance(lines, list | tuple):
        raise ValueError("should be a list, as in paper.example = 30d")  # noqa: TRY004 - pydantic catches ValueError
    found: dict[str, float | None] = {}
    for line in lines:
        if isinstance(line, tuple):
            name, kept = line
        else:
            match = re.fullmatch(r"\s*(\S+)\s*=\s*([^=]+?)\s*", str(line))
            if not match:
                raise ValueError(f"{line!r} should be SITE = DURATION or URL = DURATION, as in paper.example = 30d")
            name, kept = match[1], _kept(match[2])
        if kept is not None and not DAY <= kept <= _LONGEST:
            raise ValueError(f"{line!r}: the duration should be at least 1d")
        found[name] = kept
    return tuple(found.items())


def _size(value: object) -> int | None:
    return None if value is None or value in _NO_LIMIT else _bytes(value)


_HourOrMore = Annotated[float, Field(ge=HOUR, le=_LONGEST)]
_DayOrMore = Annotated[float, Field(ge=DAY, le=_LONGEST)]
_WeekOrMore = Annotated[float, Field(ge=7 * DAY, le=_LONGEST)]
_READ = BeforeValidator(_kept)
_SHOW = PlainSerializer(_show_kept, return_type=str, when_used="json")

# Each is in seconds; None: for ever, written "forever".

KeepPolls = Annotated[
    _HourOrMore | None,
    _READ,
    _SHOW,
    Field(description='How long to keep the history of polls and decisions, or "forever".'),
]
KeepFailures = Annotated[
    _HourOrMore | None,
    _READ,
    _SHOW,
    Field(
        description=(
            'How long to keep failures, or "forever". Those of quarantined entries stay as long as the entry, and '
            "messages of consumers as long as they are tried."
        ),
    ),
]
KeepEntries = Annotated[
    _WeekOrMore | None,
    _READ,
    _SHOW,
    Field(
        description=(
            'How long to keep an entry since it was last seen, or "forever". Entries that wait, that the last document '
            "of their source lists, or that were withdrawn stay."
        ),
    ),
]
KeepFeedDocuments = Annotated[
    _HourOrMore | None,
    _READ,
    _SHOW,
    Field(
        description=(
            'How long to keep feed documents in the archive, or "forever". They serve only debugging. Each one '
            "stays for at least five days."
        ),
    ),
]
KeepPages = Annotated[
    _HourOrMore | None,
    _READ,
    _SHOW,
    Field(
        description=(
            'How long to keep pages and wire documents in the archive, or "forever". Without them, records cannot be '
            "extracted again. Each one stays for at least five days."
        ),
    ),
]
#: Bytes; None: no limit, written "unlimited".
ArchiveMax = Annotated[
    Annotated[int, Field(ge=2**20)] | None,
    BeforeValidator(_size),
    PlainSerializer(lambda size: "unlimited" if size is None else _show_bytes(size), return_type=str, when_used="json"),
    Field(
        description=(
            'Size of the archive in bytes or with a unit, or "unlimited". Beyond it, the oldest feed documents are '
            "deleted, then the oldest pages; wire documents and robots.txt files stay."
        ),
    ),
]
KeepRevisions = Annotated[
    Literal["all", "current"] | _HourOrMore,
    BeforeValidator(_revisions),
    PlainSerializer(
        lambda value: value if isinstance(value, str) else _show_seconds(value), return_type=str, when_used="json"
    ),
    Field(
        description=(
            'Which revisions of a record to keep: "all", only the "current" one, or those superseded less than this '
            "long ago. Killed and withheld records keep theirs."
        )
    ),
]
KeepRecords = Annotated[
    _DayOrMore | None,
    _READ,
    _SHOW,
    Field(
        description=(
            'How long to keep a record since its last change, or "forever"; then it is deleted with its revisions and '
            "carriers. Killed, withheld and withdrawn records stay."
        ),
    ),
]
KeepRecordsOf = Annotated[
    tuple[tuple[str, float | None], ...],
    BeforeValidator(_records_of),
    PlainSerializer(
        lambda items: [f"{name} = {_show_kept(kept)}" for name, kept in items], return_type=list[str], when_used="json"
    ),
    Field(
        description=(
            "keep_records for single sites or sources, each SITE = DURATION or URL = DURATION, as in "
            "paper.example = 30d. A record that several sources carried is kept for the longest of their times."
        )
    ),
]
StoryWindow = Annotated[
    Annotated[float, Field(ge=DAY, le=366 * DAY)],
    BeforeValidator(_seconds),
    PlainSerializer(_show_seconds, return_type=str, when_used="json"),
    Field(
        description=(
            "How long after the last document of a story copies of it are found. Its index is then deleted; the story "
            "and the evidence stay as long as its records."
        ),
    ),
]
KeepEvents = Annotated[
    _DayOrMore | None,
    _READ,
    _SHOW,
    Field(
        description=(
            'How long to keep the event log, or "forever". A reader whose cursor is older is refused and told what it '
            "lost."
        ),
    ),
]
