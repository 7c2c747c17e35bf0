"""Archive that stores nothing: the setting `archive = "off"`."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256 as hash_of

from ingestd.archive.protocol import StoredBody
from ingestd.errors import ArchiveError


class DisabledArchive:
    """Archive that returns the hash and size of a body, which records need, and stores nothing."""

    failing_since: float | None = None

    async def put(self, body: bytes) -> StoredBody:
        """Return the hash and size of a body."""
        digest = await asyncio.to_thread(hash_of, body)
        return StoredBody(sha256=digest.hexdigest(), size=len(body), stored_size=0)

    async def get(self, sha256: str) -> bytes:
        """Raise ArchiveError: nothing was stored."""
        raise ArchiveError(f"raw bytes {sha256} were not stored: the archive is off")

    async def delete(self, sha256s: Sequence[str]) -> int:  # noqa: ARG002 - part of the protocol
        """Return 0: there is nothing to delete."""
        return 0

    async def sweep(self, now: datetime) -> int:  # noqa: ARG002 - part of the protocol
        """Return 0: there is nothing to remove."""
        return 0
