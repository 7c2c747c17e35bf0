"""Spool for a body being received: in memory while small, then in an unnamed file that vanishes with the process."""

import asyncio
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Self

from ingestd.web.body.decoding import CODINGS, decode
from ingestd.web.body.memory_budget import Reservation

#: Bytes of a body kept in memory while it is received: a few MiB for all requests under way.
MAX_IN_MEMORY = 64 * 1024

#: Bodies decoded at a time: each may need a window of 16 MiB (RFC 7932, 9.1).
DECODERS = 2


class Spool:
    """Temporary storage of one body, a context manager; `folder` is for the file, None for the system's default.

    Writing and reading raise OSError when the disk fails.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        #: None: nothing has been written.  `__exit__` closes it.
        self._opened: SpooledTemporaryFile[bytes] | None = None
        #: Bytes written.
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened:
            self._opened.close()

    @property
    def _file(self) -> SpooledTemporaryFile[bytes]:
        if self._opened is None:
            directory = str(self._folder) if self._folder else None
            self._opened = SpooledTemporaryFile(max_size=MAX_IN_MEMORY, dir=directory)  # noqa: SIM115 - as above
        return self._opened

    async def write(self, piece: bytes) -> None:
        """Append a piece."""
        self.size += len(piece)
        # A busy disk may block, so the file is written outside the event loop.
        if self.size > MAX_IN_MEMORY:
            await asyncio.to_thread(self._file.write, piece)
        else:
            self._file.write(piece)

    async def load(self, reservation: Reservation) -> bytes:
        """Reserve memory for the whole body, and return it."""
        await reservation.reserve(self.size)
        return await asyncio.to_thread(self._read) if self.size > MAX_IN_MEMORY else self._read()

    async def load_decoded(
        self, reservation: Reservation, coding: str, limit: int, decoders: asyncio.Semaphore, *, truncate: bool
    ) -> bytes:
        """Return the body decoded from a content coding, at most `limit` bytes; raises OverLimit, DecodingError.

        A body in an unknown coding is returned as it is.  With `truncate`, returns the first `limit` bytes.
        """
        if coding not in CODINGS or not self.size:
            return await self.load(reservation)
        with Spool(self._folder) as decoded:
            await reservation.reserve(self.size)
            async with decoders:
                # Outside the event loop: a decompression bomb of a few kilobytes takes 30 ms.
                await asyncio.to_thread(decoded._decode, self, coding, limit, truncate=truncate)
            return await decoded.load(reservation)

    def _decode(self, encoded: "Spool", coding: str, limit: int, *, truncate: bool) -> None:
        for piece in decode(encoded._read(), coding, limit, truncate=truncate):
            self._file.write(piece)
            self.size += len(piece)

    def _read(self) -> bytes:
        self._file.seek(0)
        return self._file.read()
