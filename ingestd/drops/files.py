"""Files in a drop folder, wherever it is, and what a folder can do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal, Protocol

#: Where a file goes once what it says is committed, and where if it cannot be read.
Place = Literal["done", "error"]
PLACES: tuple[Place, ...] = ("done", "error")

#: Names under which programs write what is not whole yet; hidden files are left alone as well.
_UNFINISHED = (".tmp", ".part", ".filepart", ".swp")

#: What goes with an item of the same name, and says nothing by itself.
_MEDIA = frozenset(
    ".jpg .jpeg .png .gif .webp .tif .tiff .bmp .svg .heic .eps .mp4 .m4v .mov .webm .avi .mpg .mpeg .mp3 .m4a .wav "
    ".ogg".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file as it was at one look; one that was touched since is not equal to it."""

    name: str
    #: Bytes.
    size: int
    #: Nanoseconds since 1970, by the clock of its file system: of its content.
    modified: int
    #: Likewise of anything about it, and which file it is; None on other hosts, whose clocks are not ours.
    changed: int | None = None
    inode: int | None = None

    @property
    def is_media(self) -> bool:
        """Whether it is a picture, a film or a sound, by its name."""
        return suffix(self.name).lower() in _MEDIA


class Folder(Protocol):
    """A drop folder that is open; `done` and `error` are there.

    All raise Inaccessible where it does not do its part with one file, and another FetchError where nothing more can be
    had of it.
    """

    async def files(self) -> list[File]:
        """Return the files that may be read, in order (`in_order`).

        Left out is what is hidden, has the name of something unfinished, or is no plain file.
        """

    async def read(self, file: File, limit: int) -> bytes | None:
        """Return what a file holds; None when it is gone, or not what it was any more.

        Raises TooLarge for one of more than `limit` bytes.
        """

    async def name_in(self, file: File, place: Place) -> str:
        """Return the name that a file gets where it is put away: its own, or another where that is there already."""

    async def put_away(
        self, file: File, place: Place, media: Sequence[File] = (), *, reason: str | None = None
    ) -> bool:
        """Move a file, and the media that go with it, to where it belongs; a `reason` is written beside it.

        False when it is gone, or not what it was any more: then it stays.  One of a name that is there already gets
        another.
        """


def in_order(files: Iterable[File]) -> list[File]:
    """Return files as they are taken: the longest unmodified first, then by name."""
    return sorted(files, key=lambda file: (file.modified, file.name))


def is_finished(name: str) -> bool:
    """Say whether a file of this name is looked at."""
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED)


def is_plain(name: str) -> bool:
    r"""Say whether a name that another host sent is that of a file in its folder, and safe to send back.

    With "/", or "\" for Windows, it would lead elsewhere; a control character ends a command of FTP.
    """
    return 0 < len(name) <= _LONGEST_NAME and "/" not in name and "\\" not in name and not _CONTROLS & set(name)


_LONGEST_NAME = 255
_CONTROLS = frozenset(map(chr, (*range(32), 127)))


def suffix(name: str) -> str:
    """Return the last dot of a name and what follows it."""
    return PurePosixPath(name).suffix


def stem(name: str) -> str:
    """Return what an item and its media have in common: the name up to its last dot."""
    return name.removesuffix(suffix(name))


def other_name(file: File, count: int) -> str:
    """Return another name for a file, the `count`-th of them, counted from 1."""
    return f"{stem(file.name)}.{file.modified}{f'-{count}' if count > 1 else ''}{suffix(file.name)}"
