"""Protocol of the archive, with two implementations: `directory` stores bodies in files, `off` stores nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBody:
    """A body that was given to the archive."""

    #: In hexadecimal, of the body as given; `get` takes it.
    sha256: str
    #: Bytes of the body.
    size: int
    #: Bytes used in the archive; 0 when nothing is stored.
    stored_size: int


class Archive(Protocol):
    """Storage of raw bytes, each body once, under its sha256."""

    #: When `put` began to fail (monotonic seconds); None while it succeeds.
    failing_since: float | None

    async def put(self, body: bytes) -> StoredBody:
        """Store a body; storing the same body again changes nothing.

        Raises ArchiveError when it cannot be stored.
        """

    async def get(self, sha256: str) -> bytes:
        """Return a body exactly as it was put.

        Raises ArchiveError when it is missing or damaged; the message says which.
        """

    async def delete(self, sha256s: Sequence[str]) -> int:
        """Delete bodies; one that is missing is passed over.  Return how many there were.

        Raises ArchiveError when they cannot be deleted.
        """

    async def sweep(self, now: datetime) -> int:
        """Remove temporary files that killed processes left; return how many."""
