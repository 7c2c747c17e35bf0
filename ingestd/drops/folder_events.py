"""What arrives in drop folders, as the kernel tells it (inotify(7))."""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import structlog
from asyncinotify import Inotify, Mask, Watch

from ingestd.drops.files import is_finished

log = structlog.get_logger(__name__)

#: A file was moved into the folder, or given its name there; or whoever wrote to it has closed it.
_ARRIVED = Mask.MOVED_TO | Mask.CLOSE_WRITE | Mask.ONLYDIR


class FolderEvent(NamedTuple):
    """A file that arrived in the folder of a source; one that was moved is whole, one that was closed may be."""

    source_id: int
    name: str
    moved: bool


class FolderEvents:
    """A context manager and an asynchronous iterator of what arrives in the folders that are watched.

    It is more and never instead: there are file systems (NFS) and limits (max_user_instances) where nothing is told.
    """

    def __init__(self) -> None:
        self._inotify: Inotify | None = None
        self._watches: dict[int, Watch] = {}

    def __enter__(self) -> Self:
        try:
            self._inotify = Inotify()
        except OSError as error:
            log.warning("drop folders are looked at every few seconds only", reason=error.strerror or str(error))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._inotify:
            self._inotify.close()
        self._inotify = None

    def watch(self, folders: Mapping[int, Path]) -> None:
        """Watch these folders, by the numbers of their sources, and no others; those that are not there are not."""
        if not self._inotify:
            return
        before = set(self._watches)
        self._watch(self._inotify, folders)
        if self._watches.keys() != before:
            log.info("watching", folders=len(self._watches))

    def _watch(self, inotify: Inotify, folders: Mapping[int, Path]) -> None:
        for source_id in self._watches.keys() - folders.keys():
            self._forget(self._watches.pop(source_id))
        for source_id, path in folders.items():
            try:
                # Again and again: the directory of that name may be another one by now. For the same it is the same.
                watch = inotify.add_watch(path, _ARRIVED)
            except OSError:  # what is wrong with it, its next look says
                self._watches.pop(source_id, None)
                continue
            before = self._watches.get(source_id)
            if before and before.wd != watch.wd:
                self._forget(before)
            self._watches[source_id] = watch

    def _forget(self, watch: Watch) -> None:
        with suppress(OSError):  # where the directory is gone, the watch is, too
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
