"""Names of the objects of an archive, and what is in them.

    bodies/SHA256                               a body, one frame of zstd
    puts/SHA256/DAY.KIND.HASH                   that it was put on a day as a kind: its answer and subjects
    answers/URL/TIME.STATUS.KIND.SHA256.HASH    an answer as JSON, one frame of zstd, below the hash of its URL
    subjects/SUBJECT/DAY.SHA256                 that a body is about a subject (empty)
    days/KIND/DAY/NUMBER.COUNT.SIZE             list of what was put on a day, a batch at a time; COUNT below 0: deleted
    erased/NUMBER                               bodies that were erased a short while ago
    deleting/NUMBER                             bodies that are being deleted

All names are sorted: days are as in 2026-11-27, TIME and NUMBER are of equal length.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256 as hash_of
from secrets import token_hex
from typing import cast

import zstandard

from ingestd.archive.packs import LEVEL
from ingestd.archive.protocol import Kind
from ingestd.archive.records import AnswerItem

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# Digits of the number of a list: microseconds, and some at random, as several nodes write at the same time.
_TIME_DIGITS, _RANDOM_BYTES = 14, 4
#: Bits of an answer's number below that of its list: more than a batch has answers.
ROW_BITS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A body that was put: a line of the list of its day, and the object below `puts`."""

    sha256: str
    #: Bytes of the stored body.
    size: int
    #: Name of the answer's object; None: it came without one.
    answer: str | None = None
    #: Keys of its subjects, in hexadecimal.
    subjects: tuple[str, ...] = ()

    def put_name(self, kind: str, day: str) -> str:
        """Return the name of its object below `puts`."""
        content = json.dumps([self.answer, self.subjects]).encode()
        mark = "s" if self.subjects else ""
        return f"puts/{self.sha256}/{day}.{kind}.{hash_of(content).hexdigest()[:16]}{mark}"

    def names_beside(self, day: str) -> list[str]:
        """Return the names of the objects of its answer and its subjects."""
        answers = [self.answer] if self.answer else []
        return [*answers, *(subject_name(key, day, self.sha256) for key in self.subjects)]

    def write(self) -> bytes:
        """Return it as a line of JSON."""
        return json.dumps([self.sha256, self.size, self.answer, self.subjects], separators=(",", ":")).encode()

    @classmethod
    def read(cls, line: bytes) -> "Row":
        """Read a line that `write` returned."""
        sha256, size, answer, subjects = json.loads(line)
        return cls(sha256=sha256, size=size, answer=answer, subjects=tuple(subjects))


@dataclass(frozen=True, slots=True, kw_only=True)
class PutName:
    """What the name of an object below `puts` says."""

    name: str
    day: str
    kind: Kind
    has_subjects: bool

    @classmethod
    def parse(cls, name: str) -> "PutName":
        """Read a name."""
        day, kind, mark = name.rpartition("/")[2].split(".")
        return cls(name=name, day=day, kind=cast("Kind", kind), has_subjects=mark.endswith("s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListName:
    """What the name of a list says: its kind and day, and how many bodies and bytes it adds."""

    name: str
    kind: Kind
    day: str
    number: int
    count: int
    size: int

    @classmethod
    def parse(cls, name: str) -> "ListName":
        """Read a name."""
        _, kind, day, rest = name.split("/")
        number, count, size = rest.split(".")
        return cls(
            name=name, kind=cast("Kind", kind), day=day, number=int(number, 16), count=int(count), size=int(size)
        )


def body_name(sha256: str) -> str:
    """Return the name of a body's object."""
    return f"bodies/{sha256}"


def subject_name(key: str, day: str, sha256: str) -> str:
    """Return the name of the object that says that a body is about a subject."""
    return f"subjects/{key}/{day}.{sha256}"


def answer_name(answer: AnswerItem, kind: Kind, sha256: str) -> str:
    """Return the name of an answer's object."""
    at = max(0, (answer.fetched_at - _EPOCH) // _MICROSECOND)
    return f"answers/{answer.url.hex()}/{at:0{_TIME_DIGITS}x}.{answer.status}.{kind}.{sha256}.{answer.name.hex()[:16]}"


def sha256_of_answer(name: str) -> str:
    """Return the sha256 of the body that an answer carried."""
    return name.rpartition("/")[2].split(".")[3]


def status_of_answer(name: str) -> int:
    """Return the status of an answer."""
    return int(name.rpartition("/")[2].split(".")[1])


def list_name(kind: str, day: date, now: datetime, rows: Sequence[Row], *, sign: int = 1) -> str:
    """Return a new name for a list of bodies that were put on a day, or, with the sign -1, deleted.

    Its number is of the day, so that lists are in the order of their days.
    """
    start = datetime.combine(day, time.min, UTC)
    at = (min(max(now, start), start + timedelta(days=1) - _MICROSECOND) - _EPOCH) // _MICROSECOND
    size = sum(row.size for row in rows)
    return f"days/{kind}/{day}/{at:0{_TIME_DIGITS}x}{token_hex(_RANDOM_BYTES)}.{sign * len(rows)}.{sign * size}"


def new_number(now: datetime) -> str:
    """Return a number that is higher than earlier ones."""
    return f"{(now - _EPOCH) // _MICROSECOND:0{_TIME_DIGITS}x}{token_hex(_RANDOM_BYTES)}"


def time_of(number: str) -> datetime:
    """Return the time in a number."""
    return _EPOCH + int(number[:_TIME_DIGITS], 16) * _MICROSECOND


def day_of(number: int) -> str:
    """Return the day of an answer's number."""
    at = number >> (ROW_BITS + 8 * _RANDOM_BYTES)
    return f"{(_EPOCH + at * _MICROSECOND).date()}"


def write_rows(rows: Iterable[Row]) -> bytes:
    """Return the content of a list."""
    return compress(b"\n".join(row.write() for row in rows))


def read_rows(content: bytes) -> list[Row]:
    """Return the rows of a list; raises zstandard.ZstdError or ValueError when it is damaged."""
    return [Row.read(line) for line in decompress(content).split(b"\n") if line]


def compress(content: bytes) -> bytes:
    """Return a content as a frame of zstd."""
    # Compressors are not thread-safe, so each call makes its own.
    return zstandard.ZstdCompressor(level=LEVEL).compress(content)


def decompress(frame: bytes) -> bytes:
    """Return the content of a frame; raises ZstdError.  The size that a damaged frame claims is not trusted."""
    return zstandard.ZstdDecompressor().decompressobj().decompress(frame)


def merged_name(lists: Sequence[ListName], rows: Sequence[Row]) -> str:
    """Return the name of a list that replaces others: the same for the same lists, with the number of the first."""
    first = lists[0]
    digest = hash_of("\n".join(one.name for one in lists).encode()).hexdigest()[: 2 * _RANDOM_BYTES]
    at = f"{first.number:0{_TIME_DIGITS + 2 * _RANDOM_BYTES}x}"[:_TIME_DIGITS]
    return f"days/{first.kind}/{first.day}/{at}{digest}.{len(rows)}.{sum(row.size for row in rows)}"
