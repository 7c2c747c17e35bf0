"""A drop folder of this host: what is in it, read and put away.

All of it goes through descriptors of the directories themselves, and follows no link: whoever may write to the
folder has nothing read, and nothing moved, that is elsewhere.
"""

import asyncio
import errno
import os
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from ingestd.drops.files import PLACES, File, Folder, Place, in_order, is_finished, other_name
from ingestd.errors import Inaccessible, TooLarge


@asynccontextmanager
async def open_folder(path: Path, url: str) -> AsyncIterator[Folder]:
    """Open a folder of this host; raises Inaccessible."""
    directory = Directory(path, url)
    await asyncio.to_thread(directory.__enter__)
    try:
        yield LocalFolder(directory)
    finally:
        directory.__exit__(None, None, None)


class LocalFolder:
    """A directory whose disk the event loop does not wait for."""

    def __init__(self, directory: "Directory") -> None:
        self._directory = directory

    async def files(self) -> list[File]:
        """Return the files that may be read, in order."""
        return await asyncio.to_thread(self._directory.files)

    async def read(self, file: File, limit: int) -> bytes | None:
        """Return what a file holds."""
        return await asyncio.to_thread(self._directory.read, file, limit)

    async def name_in(self, file: File, place: Place) -> str:
        """Return the name that a file gets where it is put away."""
        return await asyncio.to_thread(self._directory.name_in, file, place)

    async def put_away(
        self, file: File, place: Place, media: Sequence[File] = (), *, reason: str | None = None
    ) -> bool:
        """Move a file, and the media that go with it."""
        return await asyncio.to_thread(self._directory.put_away, file, place, media, reason=reason)


class Directory:
    """A context manager; what it does waits for the disk, and raises Inaccessible where that does not do its part.

    `done` and `error` are made where they are missing.
    """

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._url = url
        self._descriptors: dict[str, int] = {}

    def __enter__(self) -> Self:
        try:
            with self._trouble("it cannot be used"):
                self._open(".", os.open(self._path, _DIRECTORY))
                self._must_be_writable()
                for place in PLACES:
                    self._open_place(place)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _must_be_writable(self) -> None:
        # Else all of it would be read, and none of it be put away.
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=self._here):
            raise PermissionError(errno.EACCES, "no permission to write to it, and so to put away what was read")

    def _open_place(self, place: Place) -> None:
        made = False
        with suppress(FileExistsError):
            os.mkdir(place, 0o700, dir_fd=self._here)
            made = True
        self._open(place, os.open(place, _DIRECTORY | os.O_NOFOLLOW, dir_fd=self._here))
        if made:
            os.fchmod(self._descriptors[place], self._mode)

    @property
    def _mode(self) -> int:
        # Whoever may look into the folder may see what became of it, whatever our umask is.
        return os.fstat(self._here).st_mode & 0o777

    def _open(self, name: str, descriptor: int) -> None:
        self._descriptors[name] = descriptor

    def _close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])

    @property
    def _here(self) -> int:
        return self._descriptors["."]

    def files(self) -> list[File]:
        """Return the files that may be read, the longest unmodified first, then by name.

        Left out is what is hidden, has the name of something unfinished, or is no plain file.
        """
        with self._trouble("it cannot be listed"), os.scandir(self._here) as entries:
            found = [self._look(entry) for entry in entries if is_finished(entry.name)]
        return in_order(file for file in found if file)

    def _look(self, entry: "os.DirEntry[str]") -> File | None:
        try:
            return _file_of(entry.name, entry.stat(follow_symlinks=False))
        except FileNotFoundError:
            return None

    def read(self, file: File, limit: int) -> bytes | None:
        """Return what a file holds; None when it is gone, or not what it was any more.

        Raises TooLarge for one of more than `limit` bytes.
        """
        if file.size > limit:
            raise TooLarge(self._url, f"{file.name} has more than max_body, {limit} bytes")
        # What has become a pipe since must not keep us waiting.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self._trouble(f"{file.name} cannot be read"):
            try:
                descriptor = os.open(file.name, flags, dir_fd=self._here)
            except FileNotFoundError:
                return None
            with open(descriptor, "rb") as opened:  # noqa: PTH123 - a descriptor, which no Path opens
                if _file_of(file.name, os.fstat(descriptor)) != file:
                    return None
                body = opened.read(file.size + 1)
                return body if _file_of(file.name, os.fstat(descriptor)) == file else None

    def put_away(self, file: File, place: Place, media: Sequence[File] = (), *, reason: str | None = None) -> bool:
        """Move a file, and the media that go with it, to where it belongs; a `reason` is written beside it.

        False when it is gone, or not what it was any more: then it stays.  One of a name that is there already gets
        another.
        """
        with self._trouble(f"{file.name} cannot be moved to {place}/"):
            try:
                if _file_of(file.name, os.stat(file.name, dir_fd=self._here, follow_symlinks=False)) != file:
                    return False
                name = self.name_in(file, place)
                if reason is not None:
                    self._write(f"{name}.reason", reason, place)
                self._move(file.name, name, place)
            except FileNotFoundError:
                return False
            for one in media:
                with suppress(FileNotFoundError):
                    self._move(one.name, self.name_in(one, place), place)
        return True

    def _move(self, name: str, new: str, place: Place) -> None:
        os.rename(name, new, src_dir_fd=self._here, dst_dir_fd=self._descriptors[place])

    def _write(self, name: str, text: str, place: Place) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(name, flags, 0o600, dir_fd=self._descriptors[place]), "wb") as file:  # noqa: PTH123 - as above
            os.fchmod(file.fileno(), self._mode & 0o666)
            file.write(text.encode(errors="surrogateescape"))

    def name_in(self, file: File, place: Place) -> str:
        """Return a name that nothing has; only whoever has claimed the source moves anything there."""
        name, count = file.name, 0
        with self._trouble(f"{place}/ cannot be looked into"):
            while self._is_there(name, place):
                count += 1
                name = other_name(file, count)
        return name

    def _is_there(self, name: str, place: Place) -> bool:
        try:
            os.stat(name, dir_fd=self._descriptors[place], follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _trouble(self, what: str) -> Iterator[None]:
        """Raise Inaccessible for an OSError."""
        try:
            yield
        except OSError as error:
            raise Inaccessible(self._url, f"{what}: {error.strerror or error}") from error


_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def _file_of(name: str, found: os.stat_result) -> File | None:
    if not stat.S_ISREG(found.st_mode):
        return None
    return File(
        name=name,
        inode=found.st_ino,
        size=found.st_size,
        modified=found.st_mtime_ns,
        changed=found.st_ctime_ns,
    )
