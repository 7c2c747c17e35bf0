"""The archive that keeps nothing: the setting `archive = "off"`."""

import asyncio
from datetime import datetime
from hashlib import sha256 as hash_of

from ingestd.archive import Kept
from ingestd.errors import ArchiveError


class Off:
    """Names bodies by their hash, as records need it, and forgets them."""

    refuses_since: float | None = None

    async def put(self, body: bytes) -> Kept:
        """Return the body's hash and size."""
        digest = await asyncio.to_thread(hash_of, body)
        return Kept(sha256=digest.hexdigest(), size=len(body), stored_size=0)

    async def get(self, sha256: str) -> bytes:
        """Raise ArchiveError: there is nothing."""
        raise ArchiveError(f"raw bytes {sha256} were not kept: the archive is off")

    async def sweep(self, now: datetime) -> int:  # noqa: ARG002 - the protocol's
        """Return 0: there is nothing to remove."""
        return 0
