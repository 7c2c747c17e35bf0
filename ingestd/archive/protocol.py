"""Protocol of the archive: `directory` stores bodies in files, `objects` in an object store, `off` stores nothing."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, Protocol

from ingestd.model.answer import Answer

#: What a document is: a feed or another list, an article's page, a document of wire items, a robots.txt.  "refused" is
#: an answer with 4xx or 5xx, whose body is not read.
Kind = Literal["feed", "page", "wire", "robots", "refused"]

#: Kinds of which no row in the database names a document, with a retention of their own: a page or feed with the same
#: bytes does not take them with it.
APART: tuple[Kind, ...] = ("robots", "refused")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBody:
    """A body that was given to the archive."""

    #: In hexadecimal, of the body as given; `get` takes it.
    sha256: str
    #: Bytes of the body.
    size: int
    #: Bytes used in the archive; 0 when nothing is stored.
    stored_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer that was given to the archive, and the name of its body."""

    answer: Answer
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPut:
    """One time that a body was put."""

    kind: Kind
    #: UTC.
    day: date
    answer: Answer | None = None
    #: Keys of its subjects.
    subjects: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    """All that an archive has of a body, to be put into another one."""

    body: bytes
    #: The answers among them are in order, oldest first.
    puts: tuple[StoredPut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerApart:
    """An answer for a robots.txt, or one that refused a page or a feed: no row in the database names it."""

    #: Of the answer in its archive; later ones have higher numbers.
    number: int
    kind: Kind
    #: On which it was put (UTC).
    day: date
    answer: Answer
    #: Name of its body, which is empty for a refusal.
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one kind of document takes up; `kind` is also "index" and, for files of earlier versions, "loose"."""

    kind: str
    files: int
    documents: int
    #: On the disk.
    size: int
    #: Of what was stored on the busier of the last two days (UTC), of which one is not over.
    documents_a_day: int = 0
    size_a_day: int = 0


class Archive(Protocol):
    """Storage of raw bytes, each body once, under its sha256."""

    #: When `put` began to fail (monotonic seconds); None while it succeeds.
    failing_since: float | None
    #: Why it fails, for the health report; without names of files.
    failure: str
    #: The level of zstd at which bodies are compressed; None: none is stored.
    level: int | None

    async def check(self) -> None:
        """Raise ArchiveError if it is not there, does not answer, or refuses its key."""

    async def put(
        self,
        body: bytes,
        kind: Kind = "page",
        answer: Answer | None = None,
        subjects: Collection[str] = (),
        *,
        frame: bytes | None = None,
    ) -> StoredBody:
        """Store a body and the answer that carried it; once this returns, a loss of power does not undo it.

        `find` finds it by its `subjects`: names of what it is about.  `frame` is the body as a frame of zstd, if it is
        compressed already.

        Raises ArchiveError when it cannot be stored.
        """

    async def get(self, sha256: str) -> bytes:
        """Return a body exactly as it was put.

        Raises ArchiveError when it is missing or damaged; the message says which.
        """

    async def answers(self, *, sha256: str | None = None, url: str | None = None) -> Sequence[StoredAnswer]:
        """Return the answers that carried a body, or those to requests for a URL, oldest first.

        Raises ArchiveError when one is damaged or cannot be read.
        """

    async def document(self, sha256: str) -> StoredDocument:
        """Return all that is stored of a body, but for the answers that `answers_apart` returns.

        Raises ArchiveError when it is missing or damaged.
        """

    async def put_document(self, document: StoredDocument) -> None:
        """Store all of a document of another archive, with its days; what is stored already is passed over."""

    async def names(self, *, after: str, limit: int) -> Sequence[str]:
        """Return the sha256 of each body whose name comes after `after`, in order, at most `limit`."""

    async def answers_apart(self, *, after: int, limit: int) -> Sequence[AnswerApart]:
        """Return answers of robots.txt files and refusals with numbers above `after`, in order, at most `limit`."""

    async def find(self, subjects: Collection[str], *, since: date | None = None) -> set[str]:
        """Return the sha256 of each body about one of some subjects that was last put on a day (UTC) or later."""

    async def with_subjects(self, names: Iterable[str]) -> set[str]:
        """Return those of some sha256s whose body was put with any subject."""

    async def delete(self, names: Iterable[str], *, put_before: date | None = None) -> int:
        """Delete bodies and their answers by sha256; return how many bodies there were.

        A robots.txt with the same bytes stays, and so do the answers that refused a page; with `put_before`, what was
        put on that day (UTC) or later as well.
        """

    async def erase(self, names: Iterable[str], urls: Iterable[str] = ()) -> int:
        """Overwrite bodies with all their answers, and the answers to requests for URLs; return how many bodies.

        Earlier copies of a body, which it has when it was put on several days, are left to `erase_remains`.
        """

    async def erase_remains(self) -> int:
        """Overwrite what is left of deleted and of unfinished documents; return the bytes that were."""

    async def delete_before(self, kind: Kind, day: date) -> int:
        """Delete the bodies of a kind that were last put before a day (UTC); return how many there were."""

    async def trim(self, limit: int) -> int:
        """Delete the oldest feeds, then the oldest pages, until at most `limit` bytes are used.

        Returns how many bodies were deleted.
        """

    async def usage(self) -> Sequence[Usage]:
        """Return what each kind takes up."""

    async def sweep(self, now: datetime) -> int:
        """Remove files that killed processes left; return how many."""
