"""Write puts in batches: a put that arrives while a batch is written joins the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from ingestd.archive.protocol import StoredBody
from ingestd.archive.records import Put

# Puts, and bytes of their bodies, in one batch.
_MAX_ITEMS, _MAX_BYTES = 200, 32 * 2**20


class Batch:
    """Collects puts for `write`, which returns what it stored for each; one write is in progress at a time.

    `write` is also given a function that tells whether another write follows at once.
    """

    def __init__(self, write: Callable[[Sequence[Put], Callable[[], bool]], Awaitable[list[StoredBody]]]) -> None:
        self._write = write
        self._waiting: list[tuple[Put, asyncio.Future[StoredBody]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def put(self, item: Put) -> StoredBody:
        """Write a put with others; returns what was stored for it, or raises the error of the batch.

        A put whose caller is cancelled is written all the same.
        """
        done: asyncio.Future[StoredBody] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all(), name="archive")
        return await done

    async def _write_all(self) -> None:
        while self._waiting:
            batch = self._take()
            try:
                stored = await self._write([item for item, _ in batch], lambda: bool(self._waiting))
            except BaseException as error:
                for _, done in batch:
                    if done.done():
                        continue
                    if isinstance(error, Exception):
                        done.set_exception(error)
                    else:
                        done.cancel()
                if not isinstance(error, Exception):
                    raise
            else:
                for (_, done), body in zip(batch, stored, strict=True):
                    if not done.done():
                        done.set_result(body)

    def _take(self) -> list[tuple[Put, asyncio.Future[StoredBody]]]:
        count = size = 0
        for item, _ in self._waiting[:_MAX_ITEMS]:
            size += len(item.body)
            if count and size > _MAX_BYTES:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch
