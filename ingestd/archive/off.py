"""Archive that stores nothing: the setting `archive = "off"`."""

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

    async def put(
        self,
        body: bytes,
        kind: Kind = "page",  # noqa: ARG002
        answer: Answer | None = None,  # noqa: ARG002
        subjects: Collection[str] = (),  # noqa: ARG002
    ) -> StoredBody:
        """Return the hash and size of a body."""
        digest = await asyncio.to_thread(hash_of, body)
        return StoredBody(sha256=digest.hexdigest(), size=len(body), stored_size=0)

    async def get(self, sha256: str) -> bytes:
        """Raise ArchiveError: nothing was stored."""
        raise ArchiveError(f"raw bytes {sha256} were not stored: the archive is off")

    async def answers(self, *, sha256: str | None = None, url: str | None = None) -> Sequence[StoredAnswer]:  # noqa: ARG002
        """Return nothing: nothing was stored."""
        return ()

    async def document(self, sha256: str) -> StoredDocument:
        """Raise ArchiveError: nothing was stored."""
        raise ArchiveError(f"raw bytes {sha256} were not stored: the archive is off")

    async def put_document(self, document: StoredDocument) -> None:
        """Store nothing."""

    async def answers_apart(self, *, after: int, limit: int) -> Sequence[AnswerApart]:  # noqa: ARG002
        """Return nothing: nothing was stored."""
        return ()

    async def find(self, subjects: Collection[str], *, since: date | None = None) -> set[str]:  # noqa: ARG002
        """Return nothing: nothing was stored."""
        return set()

    async def with_subjects(self, names: Iterable[str]) -> set[str]:  # noqa: ARG002
        """Return nothing: nothing was stored."""
        return set()

    async def erase(self, names: Iterable[str], urls: Iterable[str] = ()) -> int:  # noqa: ARG002
        """Return 0: nothing was stored."""
        return 0

    async def erase_remains(self) -> int:
        """Return 0: nothing was stored."""
        return 0

    async def delete(self, names: Iterable[str], *, put_before: date | None = None) -> int:  # noqa: ARG002
        """Return 0: nothing was stored."""
        return 0

    async def delete_before(self, kind: Kind, day: date) -> int:  # noqa: ARG002
        """Return 0: nothing was stored."""
        return 0

    async def trim(self, limit: int) -> int:  # noqa: ARG002
        """Return 0: nothing was stored."""
        return 0

    async def usage(self) -> Sequence[Usage]:
        """Return nothing: nothing was stored."""
        return ()

    async def sweep(self, now: datetime) -> int:  # noqa: ARG002
        """Return 0: there is nothing to remove."""
        return 0
