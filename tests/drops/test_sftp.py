"""Hostile SFTP servers; the messages about host keys are tested in tests/pipeline/test_folder_opener.py."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import ClassVar

import asyncssh
import pytest

from ingestd.errors import BrokenReply, Inaccessible
from tests.support import drop_folders
from tests.support.drop_folders import DropFolder

FILE = asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_REGULAR, permissions=0o100644, size=1, mtime=1_000_000_000)


class ScriptedServer(asyncssh.SFTPServer):
    """SFTP server that lists the names of a test instead of the files in the directory."""

    listing: ClassVar[object] = ()

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        del path
        for name in self.listing:  # type: ignore[attr-defined]
            yield asyncssh.SFTPName(name, attrs=FILE)


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(asyncssh, "SFTPServer", ScriptedServer)
    with drop_folders.sftp(tmp_path / "root") as wire:
        yield wire


async def test_an_unsafe_name_is_not_listed(wire: DropFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    unsafe = [b"../a.xml", b"/etc/passwd", b"..", b".", b"a/b.xml", b"..\\a.xml", b"a\nb", b"a\x00b", b"", b"a" * 300]
    monkeypatch.setattr(ScriptedServer, "listing", [*unsafe, b"gr\xfc\xdfe.xml"])

    async with wire.open() as folder:
        [file] = await folder.files()

    assert file.name.encode(errors="surrogateescape") == b"gr\xfc\xdfe.xml"


async def test_an_endless_listing_is_abandoned(wire: DropFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.drops.sftp.MAX_NAMES", 1000)
    monkeypatch.setattr(ScriptedServer, "listing", (b"%d.xml" % n for n in itertools.count()))

    with pytest.raises(Inaccessible, match="the folder lists more than 100000 names"):
        async with wire.open() as folder:
            await folder.files()


async def test_a_listed_file_that_does_not_exist_is_skipped(wire: DropFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScriptedServer, "listing", [b"a.xml"])

    async with wire.open() as folder:
        [file] = await folder.files()
        assert await folder.read(file, 10) is None
        assert await folder.move_to(file, "done") is False


async def test_a_lost_connection_is_a_broken_reply(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        with drop_folders.sftp(tmp_path / "root") as wire:
            folder = await stack.enter_async_context(wire.open())
            assert await folder.files() == []

        with pytest.raises(BrokenReply, match="cannot list the folder: the connection ended"):
            await folder.files()
