"""A drop folder on another host: what FTP and SFTP have in common.

Files are told apart by name, size and time of modification alone: nothing better is known of them.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from socket import socket
from typing import Protocol

from ingestd.drops.files import File, Place, in_order, is_finished, is_plain, other_name
from ingestd.errors import Inaccessible, TooLarge

#: Names in a folder at the most: what lists more does not end, or is no drop folder.
MOST_NAMES = 100_000

#: Opens a connection to a host and port; raises FetchError.
Dial = Callable[[str, int], Awaitable[socket]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where a folder is, and how to get there."""

    #: Without user and password, as it is shown.
    url: str
    host: str
    port: int
    #: "" for where the login leads.
    path: str
    user: str
    password: str | None = field(default=None, repr=False)
    #: For each step: an answer, a listing, a file.
    seconds: float
    dial: Dial = field(repr=False)


class Session(Protocol):
    """A connection whose working directory is the folder; names are relative to it.

    What it raises is understood within a `step` alone.
    """

    def step(self, what: str) -> AbstractAsyncContextManager[None]:
        """Do something within the time for a step.

        Raises Inaccessible, saying `what` went wrong, where the server refused it, and another FetchError where
        nothing more can be had of the connection.
        """

    async def listing(self) -> list[File]:
        """Return the plain files, or what looks like them; raises Inaccessible for more than `MOST_NAMES`."""

    async def again(self, file: File) -> File | None:
        """Return a file as it is now; None when it is gone, or no plain file."""

    async def is_there(self, path: str) -> bool:
        """Say whether there is anything of that name."""

    async def fetch(self, name: str, most: int) -> bytes | None:
        """Return what a file holds, `most` bytes of it at the most; None where it is gone."""

    async def move(self, path: str, new: str) -> None:
        """Rename what is there to a name that is not."""

    async def store(self, path: str, body: bytes) -> None:
        """Write a file."""


class RemoteFolder:
    """A folder in which a session is; `done` and `error` are there."""

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self._url = url

    async def files(self) -> list[File]:
        """Return the files that may be read, in order; left out is also what has a name that we cannot send back."""
        async with self._session.step("it cannot be listed"):
            found = await self._session.listing()
        return in_order(file for file in found if is_plain(file.name) and is_finished(file.name))

    async def read(self, file: File, limit: int) -> bytes | None:
        """Return what a file holds; None when it is gone, or not what it was any more; raises TooLarge."""
        if file.size > limit:
            raise TooLarge(self._url, f"{file.name} has more than max_body, {limit} bytes")
        async with self._session.step(f"{file.name} cannot be read"):
            # One byte more than there should be: whoever appends to it shows that it was not whole.
            body = await self._session.fetch(file.name, file.size + 1)
            if await self._session.again(file) != file:
                return None
        if body is None or len(body) != file.size:
            sent = "nothing" if body is None else f"{len(body)}" if len(body) < file.size else "more"
            raise Inaccessible(
                self._url, f"{file.name} cannot be read: of its {file.size} bytes the server sent {sent}"
            )
        return body

    async def name_in(self, file: File, place: Place) -> str:
        """Return the name that a file gets where it is put away."""
        async with self._session.step(f"{place}/ cannot be looked into"):
            return (await self._free(file, place)).removeprefix(f"{place}/")

    async def put_away(
        self, file: File, place: Place, media: Sequence[File] = (), *, reason: str | None = None
    ) -> bool:
        """Move a file, and the media that go with it; False when it is gone, or not what it was any more."""
        async with self._session.step(f"{file.name} cannot be moved to {place}/"):
            if await self._session.again(file) != file:
                return False
            path = await self._free(file, place, with_reason=reason is not None)
            if reason is not None:
                await self._session.store(f"{path}.reason", reason.encode(errors="surrogateescape"))
            await self._session.move(file.name, path)
        for one in media:
            await self._move_along(one, place)
        return True

    async def _move_along(self, file: File, place: Place) -> None:
        async with self._session.step(f"{file.name} cannot be moved to {place}/"):
            if await self._session.again(file):
                await self._session.move(file.name, await self._free(file, place))

    async def _free(self, file: File, place: Place, *, with_reason: bool = False) -> str:
        """Return a path that nothing has: some servers would let a file replace what is there."""
        path = f"{place}/{file.name}"
        for count in range(1, _MOST_OF_A_NAME):
            taken = await self._session.is_there(path)
            if not taken and not (with_reason and await self._session.is_there(f"{path}.reason")):
                return path
            path = f"{place}/{other_name(file, count)}"
        raise Inaccessible(self._url, f"{file.name} cannot be moved to {place}/: too many files of that name")


_MOST_OF_A_NAME = 100


def too_many(url: str) -> Inaccessible:
    """Return what to raise for a listing that does not end."""
    return Inaccessible(url, f"it lists more than {MOST_NAMES} names: move some of them away")
