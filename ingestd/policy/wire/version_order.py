"""Versions of a wire item: what they have in common, and which of two is the newer one."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from ingestd.model.item import Item

_NUMBER = re.compile(r"\d{1,18}")
#: Bytes of a key: PostgreSQL's indices take 2,704.
_LONGEST = 2_000
#: A URI, a UUID or a digest: nobody else has the same by chance.
_UNIQUE = re.compile(
    r"[a-z][a-z0-9+.-]+:\S{6,}|[0-9a-f]{32,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What versions are put in order by."""

    version: str | None
    versioncreated: datetime | None


def key_of(item: Item, source_id: int) -> str:
    """Return what all versions of an item have in common, by whichever source they come, and nothing else has.

    A guid that is a URI, a UUID or a digest is that by itself; a number or a slug line together with its provider, or
    else with its source.
    """
    if _UNIQUE.fullmatch(item.guid):
        return item.guid
    provider = item.provider and (item.provider.uri or item.provider.code or item.provider.name)
    key = f"{provider or f'source {source_id}'} {item.guid}"
    return (
        key if len(key.encode("utf-8", "replace")) <= _LONGEST else sha256(key.encode("utf-8", "replace")).hexdigest()
    )


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


def is_surely_older(one: Mark, other: Mark) -> bool:
    """Say whether a version is older than another beyond doubt, as one must be that a kill leaves alone.

    Some formats have times to the minute, and the same time in two formats need not be the same second: what is less
    than a minute older is not surely older, nor is what is older by its time and newer by its number.
    """
    if order(one, other) != -1:
        return False
    first, second = _numbers(one.version or ""), _numbers(other.version or "")
    if first and second and first != second:
        return first < second
    if one.versioncreated and other.versioncreated:
        return other.versioncreated - one.versioncreated >= _PRECISION
    return True


#: Of the coarsest format.
_PRECISION = timedelta(minutes=1)


@lru_cache(maxsize=1024)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBER.findall(version)[:8])
