"""Receive response bodies into a spool, and load them into memory when the memory budget allows it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from ingestd.errors import BrokenReply, NoRoom, TooLarge
from ingestd.web.body.decoding import DecodingError, OverLimit
from ingestd.web.body.memory_budget import MemoryBudget, Reservation
from ingestd.web.body.spool import DECODERS, Spool
from ingestd.web.target import Target


class Bodies:
    """Receives and loads bodies of at most `limit` bytes, encoded and decoded.

    A large body waits in a file in `folder` until the `memory_budget` has room for it.
    With `truncate_to`, only that many bytes of a body are received and returned.
    """

    def __init__(self, limit: int, folder: Path | None) -> None:
        self._limit = limit
        self._folder = folder
        self._decoders = asyncio.Semaphore(DECODERS)
        self.memory_budget = MemoryBudget(limit)

    def spool(self) -> Spool:
        """Return an empty spool for one body, a context manager."""
        return Spool(self._folder)

    async def receive(
        self, target: Target, response: aiohttp.ClientResponse, spool: Spool, truncate_to: int | None = None
    ) -> None:
        """Write a body to its spool; raises TooLarge, and NoRoom when the local disk fails."""
        limit = self.limit_for(truncate_to)
        if (response.content_length or 0) > limit and truncate_to is None:
            raise TooLarge(
                target.display_url, f"the body has {response.content_length} bytes, more than max_body ({limit})"
            )
        async for piece in response.content.iter_any():
            if spool.size + len(piece) > limit and truncate_to is None:
                raise TooLarge(target.display_url, f"the body has more bytes than max_body ({limit})")
            with _local_disk_errors(target):
                await spool.write(piece[: limit - spool.size])
            if spool.size >= limit and truncate_to is not None:
                return

    async def load(
        self,
        target: Target,
        response: aiohttp.ClientResponse,
        spool: Spool,
        reservation: Reservation,
        truncate_to: int | None = None,
    ) -> bytes:
        """Return a received body, decoded; raises TooLarge, BrokenReply, NoRoom."""
        if not spool.size:
            reservation.release()
            return b""
        limit = self.limit_for(truncate_to)
        # Servers send names that are no coding ("utf-8", "none") with bodies that are not encoded.
        coding = response.headers.get("Content-Encoding", "").strip().lower()
        try:
            with _local_disk_errors(target):
                return await spool.load_decoded(
                    reservation, coding, limit, self._decoders, truncate=truncate_to is not None
                )
        except OverLimit as error:
            raise TooLarge(target.display_url, f"the body decodes to more bytes than max_body ({limit})") from error
        except DecodingError as error:
            raise BrokenReply(target.display_url, str(error)) from error

    def limit_for(self, truncate_to: int | None) -> int:
        """Return how many bytes a body may have, or are received of it."""
        return self._limit if truncate_to is None else min(truncate_to, self._limit)


@contextmanager
def _local_disk_errors(target: Target) -> Iterator[None]:
    """Turn an OSError into NoRoom, a local failure."""
    try:
        yield
    except OSError as error:
        raise NoRoom(target.display_url, f"cannot spool the body to the local disk: {error.strerror}") from error
