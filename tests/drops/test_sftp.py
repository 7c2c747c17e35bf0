"""SFTP as servers are that mean ill; what an operator is told of keys is in test_folders.py."""

import itertools
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import ClassVar

import asyncssh
import pytest

from ingestd.errors import BrokenReply, Inaccessible
from tests.support import wires
from tests.support.wires import Wire

FILE = asyncssh.SFTPAttrs(type=asyncssh.FILEXFER_TYPE_REGULAR, permissions=0o100644, size=1, mtime=1_000_000_000)


class Puppet(asyncssh.SFTPServer):
    """Lists what its test says, and nothing of what is there."""

    listing: ClassVar[object] = ()

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        del path
        for name in self.listing:  # type: ignore[attr-defined]
            yield asyncssh.SFTPName(name, attrs=FILE)


@pytest.fixture
def wire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setattr(asyncssh, "SFTPServer", Puppet)
    with wires.sftp(tmp_path / "root") as wire:
        yield wire


async def test_a_name_that_leads_elsewhere_is_left_where_it_is(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    ill = [b"../a.xml", b"/etc/passwd", b"..", b".", b"a/b.xml", b"..\\a.xml", b"a\nb", b"a\x00b", b"", b"a" * 300]
    monkeypatch.setattr(Puppet, "listing", [*ill, b"gr\xfc\xdfe.xml"])

    async with wire.open() as folder:
        [file] = await folder.files()

    assert file.name.encode(errors="surrogateescape") == b"gr\xfc\xdfe.xml"


async def test_a_listing_that_does_not_end_is_left(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.drops.sftp.MOST_NAMES", 1000)
    monkeypatch.setattr(Puppet, "listing", (b"%d.xml" % n for n in itertools.count()))

    with pytest.raises(Inaccessible, match="it lists more than 100000 names"):
        async with wire.open() as folder:
            await folder.files()


async def test_a_file_that_is_listed_and_not_there_is_no_trouble(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Puppet, "listing", [b"a.xml"])

    async with wire.open() as folder:
        [file] = await folder.files()
        assert await folder.read(file, 10) is None
        assert await folder.put_away(file, "done") is False


async def test_a_server_that_goes_away_ends_the_look(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        with wires.sftp(tmp_path / "root") as wire:
            folder = await stack.enter_async_context(wire.open())
            assert await folder.files() == []

        with pytest.raises(BrokenReply, match="it cannot be listed: the connection ended"):
            await folder.files()
