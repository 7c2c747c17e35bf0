"""The archive: raw bytes as they came, each body once, under the sha256 of what it says.

`directory` keeps them in files, `off` keeps nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the archive did with a body."""

    #: In hexadecimal, of the body as it was given; the name to get it by.
    sha256: str
    #: Bytes of the body.
    size: int
    #: Bytes it takes in the archive; 0 where nothing is kept.
    stored_size: int


class Archive(Protocol):
    """Where raw bytes go."""

    #: Since when nothing could be kept (monotonic seconds); None while everything can.
    refuses_since: float | None

    async def put(self, body: bytes) -> Kept:
        """Keep a body; the same body again changes nothing.

        Raises ArchiveError when it cannot be kept.
        """

    async def get(self, sha256: str) -> bytes:
        """Return a body exactly as it was put.

        Raises ArchiveError when it is missing or damaged; the message says which.
        """

    async def sweep(self, now: datetime) -> int:
        """Remove what killed processes left unfinished; return how many."""
