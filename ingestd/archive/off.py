"""Archive that stores nothing: the setting `archive = "off"`."""
# ruff: noqa: ARG002 - methods have the parameters of the protocol

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from hashlib import sha256 as hash_of

from ingestd.archive.protocol import AnswerApart, Kind, StoredAnswer, StoredBody, StoredDocument, Usage
from ingestd.errors import ArchiveError
from ingestd.model.answer import Answer


class DisabledArchive:
    """Archive that returns the hash and size of a body, which records need, and stores nothing."""

    failing_since: float | None = None
    failure: str = ""
    level: int | None = None

    async def check(self) -> None:
        """Do nothing: nothing is stored."""

    async def put(
        self,
        body: bytes,
        kind: Kind = "page",
        answer: Answer | None = None,
        subjects: Collection[str] = (),
        *,
        frame: bytes | None = None,
    ) -> StoredBody:
        """Return the hash and size of a body."""
        digest = await asyncio.to_thread(hash_of, body)
        return StoredBody(sha256=digest.hexdigest(), size=len(body), stored_size=0)

    async def get(self, sha256: str) -> bytes:
        """Raise ArchiveError: nothing was stored."""
        raise ArchiveError(f"raw bytes {sha256} were not stored: the archive is off")

    async def answers(self, *, sha256: str | None = None, url: str | None = None) -> Sequence[StoredAnswer]:
        """Return nothing: nothing was stored."""
        return ()

    async def document(self, sha256: str) -> StoredDocument:
        """Raise ArchiveError: nothing was stored."""
        raise ArchiveError(f"raw bytes {sha256} were not stored: the archive is off")

    async def put_document(self, document: StoredDocument) -> None:
        """Store nothing."""

    async def names(self, *, after: str, limit: int) -> Sequence[str]:
        """Return nothing: nothing was stored."""
        return ()

    async def answers_apart(self, *, after: int, limit: int) -> Sequence[AnswerApart]:
        """Return nothing: nothing was stored."""
        return ()

    async def find(self, subjects: Collection[str], *, since: date | None = None) -> set[str]:
        """Return nothing: nothing was stored."""
        return set()

    async def with_subjects(self, names: Iterable[str]) -> set[str]:
        """Return nothing: nothing was stored."""
        return set()

    async def erase(self, names: Iterable[str], urls: Iterable[str] = ()) -> int:
        """Return 0: nothing was stored."""
        return 0

    async def erase_remains(self) -> int:
        """Return 0: nothing was stored."""
        return 0

    async def delete(self, names: Iterable[str], *, put_before: date | None = None) -> int:
        """Return 0: nothing was stored."""
        return 0

    async def delete_before(self, kind: Kind, day: date) -> int:
        """Return 0: nothing was stored."""
        return 0

    async def trim(self, limit: int) -> int:
        """Return 0: nothing was stored."""
        return 0

    async def usage(self) -> Sequence[Usage]:
        """Return nothing: nothing was stored."""
        return ()

    async def sweep(self, now: datetime) -> int:
        """Return 0: there is nothing to remove."""
        return 0
