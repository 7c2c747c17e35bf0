"""Files in a drop folder, and the protocol of a folder, local or remote."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, Protocol

#: Where a file goes: `done` once its content is committed, `error` if it cannot be read.
Subfolder = Literal["done", "error"]
SUBFOLDERS: tuple[Subfolder, ...] = ("done", "error")

#: Suffixes of files that programs are still writing; hidden files are skipped as well.
_UNFINISHED = (".tmp", ".part", ".filepart", ".swp")

#: Suffixes of media, which belong to the item of the same name.
_MEDIA = frozenset(
    ".jpg .jpeg .png .gif .webp .tif .tiff .bmp .svg .heic .eps .mp4 .m4v .mov .webm .avi .mpg .mpeg .mp3 .m4a .wav "
    ".ogg".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """State of a file in a listing; after a change to the file, its new state is not equal to this one."""

    name: str
    #: Bytes.
    size: int
    #: Time of the last change to its content: nanoseconds since 1970, by the clock of its file system.
    modified: int
    #: Time of the last change to its content or metadata, likewise; None on other hosts.
    changed: int | None = None
    #: None on other hosts.
    inode: int | None = None

    @property
    def is_media(self) -> bool:
        """Whether its suffix is that of a picture, a video or a sound."""
        return suffix(self.name).lower() in _MEDIA


class Folder(Protocol):
    """An open drop folder, in which `done` and `error` exist.

    All methods raise Inaccessible when an operation fails for one file, and another FetchError when the folder as a
    whole can no longer be used.
    """

    async def files(self) -> list[File]:
        """Return the files to read, in the order of `oldest_first`.

        Hidden files, files with an unfinished suffix and anything but regular files are left out.
        """

    async def read(self, file: File, limit: int) -> bytes | None:
        """Return the content of a file; None when it is gone or has changed.

        Raises TooLarge for a file of more than `limit` bytes.
        """

    async def target_name(self, file: File, subfolder: Subfolder) -> str:
        """Return the name that `move_to` gives a file: its own, or another if that one is taken."""

    async def move_to(
        self, file: File, subfolder: Subfolder, media: Sequence[File] = (), *, reason: str | None = None
    ) -> bool:
        """Move a file and its media to a subfolder; write a `reason` to NAME.reason beside it.

        Returns False, and moves nothing, when the file is gone or has changed.  A file whose name is taken there gets
        another.
        """


def oldest_first(files: Iterable[File]) -> list[File]:
    """Return files in the order in which they are read: by time of modification, oldest first, then by name."""
    return sorted(files, key=lambda file: (file.modified, file.name))


def is_finished(name: str) -> bool:
    """Return whether the name of a file is neither hidden nor has the suffix of an unfinished file."""
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED)


def is_safe_name(name: str) -> bool:
    r"""Return whether a file name sent by another host stays in its folder, and is safe to send back.

    A name with "/" (or "\" on Windows) may lead out of the folder; a control character may end an FTP command.
    """
    return 0 < len(name) <= _MAX_NAME_LENGTH and "/" not in name and "\\" not in name and not _CONTROLS & set(name)


_MAX_NAME_LENGTH = 255
_CONTROLS = frozenset(map(chr, (*range(32), 127)))


def suffix(name: str) -> str:
    """Return the suffix of a name, from its last dot."""
    return PurePosixPath(name).suffix


def stem(name: str) -> str:
    """Return a name without its suffix; an item and its media share it."""
    return name.removesuffix(suffix(name))


def numbered_name(file: File, count: int) -> str:
    """Return the `count`-th alternative name for a file, counted from 1."""
    return f"{stem(file.name)}.{file.modified}{f'-{count}' if count > 1 else ''}{suffix(file.name)}"
