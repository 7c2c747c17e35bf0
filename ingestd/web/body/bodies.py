"""Bodies of answers: received into a spool, and loaded as soon as there is room for them, never past a size."""

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
    """Takes bodies of at most `limit` bytes, decoded or not; a large one lies in `folder` until there is `room`.

    With `cut` bytes the beginning of a body will do.
    """

    def __init__(self, limit: int, folder: Path | None) -> None:
        self._limit = limit
        self._folder = folder
        self._decoders = asyncio.Semaphore(DECODERS)
        self.memory_budget = MemoryBudget(limit)

    def spool(self) -> Spool:
        """Return where a body may come in, to be entered."""
        return Spool(self._folder)

    async def receive(
        self, target: Target, response: aiohttp.ClientResponse, spool: Spool, cut: int | None = None
    ) -> None:
        """Take a body in; raises TooLarge, and NoRoom when our disk does not take it."""
        limit = self._most(cut)
        if (response.content_length or 0) > limit and cut is None:
            raise TooLarge(target.shown, f"{response.content_length} bytes, more than max_body")
        async for piece in response.content.iter_any():
            if spool.size + len(piece) > limit and cut is None:
                raise TooLarge(target.shown, f"more than max_body, {limit} bytes")
            with _our_disk(target):
                await spool.write(piece[: limit - spool.size])
            if spool.size >= limit and cut is not None:
                return

    async def load(
        self,
        target: Target,
        response: aiohttp.ClientResponse,
        spool: Spool,
        reservation: Reservation,
        cut: int | None = None,
    ) -> bytes:
        """Return what came in, decoded; raises TooLarge, BrokenReply, NoRoom."""
        limit = self._most(cut)
        # Names that are no coding do occur ("utf-8", "none"), on bodies that have none.
        coding = response.headers.get("Content-Encoding", "").strip().lower()
        try:
            with _our_disk(target):
                return await spool.load_decoded(reservation, coding, limit, self._decoders, cut=cut is not None)
        except OverLimit as error:
            raise TooLarge(target.shown, f"decodes to more than max_body, {limit} bytes") from error
        except DecodingError as error:
            raise BrokenReply(target.shown, str(error)) from error

    def _most(self, cut: int | None) -> int:
        return self._limit if cut is None else min(cut, self._limit)


@contextmanager
def _our_disk(target: Target) -> Iterator[None]:
    """Take what the disk does not do for a failure of ours."""
    try:
        yield
    except OSError as error:
        raise NoRoom(target.shown, f"our own disk: {error.strerror}") from error
