"""Compare versions of a wire item: the key that all of them share, and which of two is newer."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from ingestd.caching import cached_if_short
from ingestd.model.item import Item

_NUMBER = re.compile(r"\d{1,18}")
#: Bytes of a key: an index of PostgreSQL takes 2,704.
_MAX_KEY = 2_000
#: A URI, a UUID or a digest: unique without its provider.
_UNIQUE = re.compile(
    r"[a-z][a-z0-9+.-]+:\S{6,}|[0-9a-f]{32,64}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionStamp:
    """The values by which versions are compared."""

    version: str | None
    versioncreated: datetime | None


def key_of(item: Item, source_id: int) -> str:
    """Return the key that all versions of an item share, from any source, and no other item has.

    A guid that is a URI, a UUID or a digest is the key; any other guid, such as a number or a slug line, is combined
    with its provider or else its source.
    """
    if _UNIQUE.fullmatch(item.guid):
        return item.guid
    provider = item.provider and (item.provider.uri or item.provider.code or item.provider.name)
    key = f"{provider or f'source {source_id}'} {item.guid}"
    return (
        key if len(key.encode("utf-8", "replace")) <= _MAX_KEY else sha256(key.encode("utf-8", "replace")).hexdigest()
    )


def compare(one: VersionStamp, other: VersionStamp) -> int | None:
    """Return 1 if `one` is newer than `other`, -1 if it is older, 0 if it is the same, None if that is unknown.

    versioncreated decides; when it is equal or missing, the version number does.  Of a version such as "2nd Ld"
    the number is compared; parts between dots are compared one by one.
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


def is_surely_older(one: VersionStamp, other: VersionStamp) -> bool:
    """Return whether `one` is certainly older than `other`; a kill cancels every version not certainly newer than it.

    Some formats give times to the minute, so the same time may differ by seconds between formats: a version less than
    a minute older is not certainly older, nor is one that is older by its time and newer by its number.
    """
    if compare(one, other) != -1:
        return False
    first, second = _numbers(one.version or ""), _numbers(other.version or "")
    if first and second and first != second:
        return first < second
    if one.versioncreated and other.versioncreated:
        return other.versioncreated - one.versioncreated >= _PRECISION
    return True


#: The precision of the coarsest format.
_PRECISION = timedelta(minutes=1)


@cached_if_short(1024)
def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBER.findall(version)[:8])
