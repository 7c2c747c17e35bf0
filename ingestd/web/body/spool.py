"""Bodies as they come in: a small one in memory, what is larger in a file without a name, gone with its process."""

import asyncio
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

from ingestd.web.body.decoding import CODINGS, decode
from ingestd.web.body.memory_budget import Reservation

#: Bytes of a body that are kept in memory while it comes in: times all requests under way, that is a few MiB.
IN_MEMORY = 64 * 1024

#: Bodies decoded at a time: each may need a window of 16 MiB (RFC 7932, 9.1).
DECODERS = 2


class Spool:
    """A context manager: takes bytes, and gives them back; `folder` is for the file, None for the system's place.

    What writes or reads raises OSError when the disk does not do its part.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        place = str(folder) if folder else None
        self._file = SpooledTemporaryFile(max_size=IN_MEMORY, dir=place)  # noqa: SIM115 - closed by `__exit__`
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    async def write(self, piece: bytes) -> None:
        """Take the next piece."""
        self.size += len(piece)
        # A file is not for the event loop: a disk that is busy may let a writer wait.
        if self.size > IN_MEMORY:
            await asyncio.to_thread(self._file.write, piece)
        else:
            self._file.write(piece)

    async def load(self, reservation: Reservation) -> bytes:
        """Return everything, as soon as there is room for it."""
        await reservation.take(self.size)
        return await asyncio.to_thread(self._read) if self.size > IN_MEMORY else self._read()

    async def load_decoded(
        self, reservation: Reservation, coding: str, limit: int, decoders: asyncio.Semaphore, *, cut: bool
    ) -> bytes:
        """Return what it was before a content coding, at most `limit` bytes; raises OverLimit, DecodingError.

        With `cut` the first `limit` bytes will do.
        """
        if coding not in CODINGS or not self.size:
            return await self.load(reservation)
        with Spool(self._folder) as decoded:
            await reservation.take(self.size)
            async with decoders:
                # Not in the event loop: a bomb of a few kilobytes is worth 30 ms.
                await asyncio.to_thread(decoded._decode, self, coding, limit, cut=cut)
            return await decoded.load(reservation)

    def _decode(self, coded: "Spool", coding: str, limit: int, *, cut: bool) -> None:
        for piece in decode(coded._read(), coding, limit, cut=cut):
            self._file.write(piece)
            self.size += len(piece)

    def _read(self) -> bytes:
        self._file.seek(0)
        return self._file.read()
