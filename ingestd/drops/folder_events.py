"""Watch local drop folders for arriving files with inotify(7)."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import structlog
from asyncinotify import Inotify, Mask, Watch

from ingestd.drops.files import is_finished

log = structlog.get_logger(__name__)

#: A file was moved into the folder or renamed in it, or a program that wrote to it has closed it.
_ARRIVED = Mask.MOVED_TO | Mask.CLOSE_WRITE | Mask.ONLYDIR


class FolderEvent(NamedTuple):
    """A file arrived in the folder of a source."""

    source_id: int
    name: str
    #: True for a file that was moved or renamed, and so is complete; False for one that a program closed after writing.
    moved: bool


class FolderEvents:
    """Context manager and asynchronous iterator of the files that arrive in watched folders.

    It supplements polling and cannot replace it: some file systems (NFS) report nothing, and the system limits the
    number of inotify instances (max_user_instances).
    """

    def __init__(self) -> None:
        self._inotify: Inotify | None = None
        self._watches: dict[int, Watch] = {}

    def __enter__(self) -> Self:
        try:
            self._inotify = Inotify()
        except OSError as error:
            log.warning("inotify not available, drop folders are only polled", reason=error.strerror or str(error))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._inotify:
            self._inotify.close()
        self._inotify = None

    def watch(self, folders: Mapping[int, Path]) -> None:
        """Watch exactly these folders, given by the ids of their sources; skip those that do not exist."""
        if not self._inotify:
            return
        before = set(self._watches)
        self._watch(self._inotify, folders)
        if self._watches.keys() != before:
            log.info("watching", folders=len(self._watches))

    def _watch(self, inotify: Inotify, folders: Mapping[int, Path]) -> None:
        for source_id in self._watches.keys() - folders.keys():
            self._unwatch(self._watches.pop(source_id))
        for source_id, path in folders.items():
            try:
                # Repeated on every call, since the path may name another directory by now.  For the same directory,
                # inotify returns the same watch.
                watch = inotify.add_watch(path, _ARRIVED)
            except OSError:  # the next poll of the folder reports the error
                self._watches.pop(source_id, None)
                continue
            before = self._watches.get(source_id)
            if before and before.wd != watch.wd:
                self._unwatch(before)
            self._watches[source_id] = watch

    def _unwatch(self, watch: Watch) -> None:
        with suppress(OSError):  # the watch is gone if its directory is
            if self._inotify:
                self._inotify.rm_watch(watch)

    async def __aiter__(self) -> AsyncIterator[FolderEvent]:
        if not self._inotify:
            return
        async for event in self._inotify:
            if event.watch is None or event.name is None or not is_finished(str(event.name)):
                continue
            for source_id, watch in list(self._watches.items()):
                if watch.wd == event.watch.wd:
                    yield FolderEvent(source_id, str(event.name), bool(event.mask & Mask.MOVED_TO))
