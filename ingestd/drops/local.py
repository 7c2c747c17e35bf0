"""Drop folder on this host.

All access goes through descriptors of the directories and follows no link: a program that may write to the folder
cannot have a file elsewhere read or moved.
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

from ingestd.drops.files import SUBFOLDERS, File, Folder, Subfolder, is_finished, numbered_name, oldest_first
from ingestd.errors import Inaccessible, TooLarge


@asynccontextmanager
async def open_folder(path: Path, url: str) -> AsyncIterator[Folder]:
    """Open a folder on this host; raises Inaccessible."""
    directory = Directory(path, url)
    await asyncio.to_thread(directory.__enter__)
    try:
        yield LocalFolder(directory)
    finally:
        directory.__exit__(None, None, None)


class LocalFolder:
    """A `Folder` on this host: runs the blocking methods of a `Directory` in threads."""

    def __init__(self, directory: "Directory") -> None:
        self._directory = directory

    async def files(self) -> list[File]:
        """Return the files to read, oldest first."""
        return await asyncio.to_thread(self._directory.files)

    async def read(self, file: File, limit: int) -> bytes | None:
        """Return the content of a file."""
        return await asyncio.to_thread(self._directory.read, file, limit)

    async def target_name(self, file: File, subfolder: Subfolder) -> str:
        """Return the name that `move_to` gives a file."""
        return await asyncio.to_thread(self._directory.target_name, file, subfolder)

    async def move_to(
        self, file: File, subfolder: Subfolder, media: Sequence[File] = (), *, reason: str | None = None
    ) -> bool:
        """Move a file and its media to a subfolder."""
        return await asyncio.to_thread(self._directory.move_to, file, subfolder, media, reason=reason)


class Directory:
    """An open directory, a context manager with blocking methods; they raise Inaccessible when the disk fails.

    Opening it creates `done` and `error` if they are missing.
    """

    def __init__(self, path: Path, url: str) -> None:
        self._path = path
        self._url = url
        self._descriptors: dict[str, int] = {}

    def __enter__(self) -> Self:
        try:
            with self._errors_as_inaccessible("cannot open the folder"):
                self._add(".", os.open(self._path, _DIRECTORY))
                self._check_writable()
                for subfolder in SUBFOLDERS:
                    self._open_subfolder(subfolder)
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _check_writable(self) -> None:
        # Without write permission every poll would read all files and move none.
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=self._folder_fd):
            raise PermissionError(errno.EACCES, "no permission to write, which is needed to move files to done/")

    def _open_subfolder(self, subfolder: Subfolder) -> None:
        created = False
        with suppress(FileExistsError):
            os.mkdir(subfolder, 0o700, dir_fd=self._folder_fd)
            created = True
        self._add(subfolder, os.open(subfolder, _DIRECTORY | os.O_NOFOLLOW, dir_fd=self._folder_fd))
        if created:
            os.fchmod(self._descriptors[subfolder], self._mode)

    @property
    def _mode(self) -> int:
        # Subfolders and .reason files are as accessible as the folder, whatever the umask of the daemon.
        return os.fstat(self._folder_fd).st_mode & 0o777

    def _add(self, name: str, descriptor: int) -> None:
        self._descriptors[name] = descriptor

    def _close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.popitem()[1])

    @property
    def _folder_fd(self) -> int:
        return self._descriptors["."]

    def files(self) -> list[File]:
        """Return the files to read, in the order of `oldest_first`.

        Hidden files, files with an unfinished suffix and anything but regular files are left out.
        """
        with self._errors_as_inaccessible("cannot list the folder"), os.scandir(self._folder_fd) as entries:
            found = [self._stat_entry(entry) for entry in entries if is_finished(entry.name)]
        return oldest_first(file for file in found if file)

    def _stat_entry(self, entry: "os.DirEntry[str]") -> File | None:
        try:
            return _file_of(entry.name, entry.stat(follow_symlinks=False))
        except FileNotFoundError:
            return None

    def read(self, file: File, limit: int) -> bytes | None:
        """Return the content of a file; None when it is gone or has changed.

        Raises TooLarge for a file of more than `limit` bytes.
        """
        if file.size > limit:
            raise TooLarge(self._url, f"{file.name} has {file.size} bytes, more than max_body ({limit})")
        # O_NONBLOCK: a file that was replaced by a pipe must not block.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with self._errors_as_inaccessible(f"cannot read {file.name}"):
            try:
                descriptor = os.open(file.name, flags, dir_fd=self._folder_fd)
            except FileNotFoundError:
                return None
            with open(descriptor, "rb") as opened:  # noqa: PTH123 - Path cannot open a descriptor
                if _file_of(file.name, os.fstat(descriptor)) != file:
                    return None
                body = opened.read(file.size + 1)
                return body if _file_of(file.name, os.fstat(descriptor)) == file else None

    def move_to(
        self, file: File, subfolder: Subfolder, media: Sequence[File] = (), *, reason: str | None = None
    ) -> bool:
        """Move a file and its media to a subfolder; write a `reason` to NAME.reason beside it.

        Returns False, and moves nothing, when the file is gone or has changed.  A file whose name is taken there gets
        another.
        """
        with self._errors_as_inaccessible(f"cannot move {file.name} to {subfolder}/"):
            try:
                if _file_of(file.name, os.stat(file.name, dir_fd=self._folder_fd, follow_symlinks=False)) != file:
                    return False
                name = self.target_name(file, subfolder)
                if reason is not None:
                    self._write(f"{name}.reason", reason, subfolder)
                self._move(file.name, name, subfolder)
            except FileNotFoundError:
                return False
            for one in media:
                with suppress(FileNotFoundError):
                    self._move(one.name, self.target_name(one, subfolder), subfolder)
        return True

    def _move(self, name: str, new: str, subfolder: Subfolder) -> None:
        os.rename(name, new, src_dir_fd=self._folder_fd, dst_dir_fd=self._descriptors[subfolder])

    def _write(self, name: str, text: str, subfolder: Subfolder) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with open(os.open(name, flags, 0o600, dir_fd=self._descriptors[subfolder]), "wb") as file:  # noqa: PTH123 - as above
            os.fchmod(file.fileno(), self._mode & 0o666)
            file.write(text.encode(errors="surrogateescape"))

    def target_name(self, file: File, subfolder: Subfolder) -> str:
        """Return a free name in the subfolder; only the run that claimed the source moves files there."""
        name, count = file.name, 0
        with self._errors_as_inaccessible(f"cannot look up names in {subfolder}/"):
            while self._exists(name, subfolder):
                count += 1
                name = numbered_name(file, count)
        return name

    def _exists(self, name: str, subfolder: Subfolder) -> bool:
        try:
            os.stat(name, dir_fd=self._descriptors[subfolder], follow_symlinks=False)
        except FileNotFoundError:
            return False
        return True

    @contextmanager
    def _errors_as_inaccessible(self, action: str) -> Iterator[None]:
        """Raise an OSError as Inaccessible, with a message that begins with the failed `action`."""
        try:
            yield
        except OSError as error:
            raise Inaccessible(self._url, f"{action}: {error.strerror or error}") from error


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
