"""A file that is written to a folder appears whole or not at all, whatever interrupts it."""

import asyncio
import errno
import gc
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from ingestd.drops.outbox import LocalOutbox
from ingestd.errors import Inaccessible


class Disk:
    """A disk that takes bytes, and says what became of them only when the test lets it."""

    def __init__(self, error: Exception) -> None:
        self.reached, self._answers, self._error = asyncio.Event(), threading.Event(), error
        self._loop = asyncio.get_running_loop()

    def answer(self) -> None:
        self._answers.set()

    def fsync(self, _descriptor: int) -> None:
        self._loop.call_soon_threadsafe(self.reached.set)
        assert self._answers.wait(60)
        raise self._error


def contents(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


@pytest.fixture
async def unseen_errors() -> AsyncIterator[list[dict[str, Any]]]:
    """What asyncio reports since nobody has looked at it."""
    found: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: found.append(context))
    yield found
    asyncio.get_running_loop().set_exception_handler(None)


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("bug")], ids=repr)
async def test_a_write_that_is_cancelled_while_it_fails_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, unseen_errors: list[dict[str, Any]]
) -> None:
    disk, folder = Disk(error), LocalOutbox(tmp_path, tmp_path.as_uri())
    (tmp_path / "story.xml").write_bytes(b"older")
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", disk.fsync)
        writing = asyncio.create_task(folder.put("story.xml", b"newer"))
        async with asyncio.timeout(60):
            await disk.reached.wait()
            writing.cancel()
            await asyncio.sleep(0)  # the cancellation arrives before the answer
            disk.answer()
            with pytest.raises(asyncio.CancelledError):
                await writing
    del writing
    gc.collect()

    assert contents(tmp_path) == {"story.xml": b"older"}
    assert not unseen_errors
    await folder.put("story.xml", b"newest")
    assert contents(tmp_path) == {"story.xml": b"newest"}
    folder.close()


async def test_a_write_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, folder = Disk(OSError(errno.EIO, os.strerror(errno.EIO))), LocalOutbox(tmp_path, tmp_path.as_uri())
    disk.answer()
    monkeypatch.setattr(os, "fsync", disk.fsync)

    with pytest.raises(Inaccessible, match=r"cannot write story\.xml: Input/output error"):
        await folder.put("story.xml", b"newer")

    assert contents(tmp_path) == {}
    folder.close()
