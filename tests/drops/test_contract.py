"""What every drop folder does, wherever it is."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ingestd.drops.files import File, Folder
from ingestd.errors import TooLarge
from tests.support.dropping import names, write
from tests.support.wires import WIRES, Wire

LIMIT = 100_000


@pytest.fixture(scope="module", params=WIRES)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with WIRES[request.param](tmp_path_factory.mktemp("wire") / "root") as wire:
        yield wire


@pytest.fixture
def wire(server: Wire) -> Wire:
    for path in sorted(server.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    return server


@pytest.fixture
async def folder(wire: Wire) -> AsyncIterator[Folder]:
    async with wire.open() as folder:
        yield folder


async def only(folder: Folder) -> File:
    [file] = await folder.files()
    return file


async def test_places_are_made_and_found_again(wire: Wire) -> None:
    for _ in range(2):
        async with wire.open() as folder:
            assert await folder.files() == []

        assert names(wire.path) == {"done", "error"}


async def test_the_longest_unmodified_comes_first_and_then_by_name(wire: Wire, folder: Folder) -> None:
    for name, at in (("c", 1_000_000_000), ("b", 1_000_000_060), ("a", 1_000_000_060)):
        write(wire.path, name, b"x", at=at)

    assert [file.name for file in await folder.files()] == ["c", "a", "b"]


async def test_what_is_unfinished_hidden_or_no_file_is_not_looked_at(wire: Wire, folder: Folder) -> None:
    for name in (".hidden", "a.tmp", "a.xml.part"):
        write(wire.path, name, b"x")
    (wire.path / "folder.xml").mkdir()

    assert await folder.files() == []


@pytest.mark.parametrize("name", ["a story.xml", "grüße.xml", "--.xml", "a;b=c d'.xml", 'q"q.xml', "[x]*?.xml"])
async def test_a_file_is_read_and_put_away_whatever_it_is_called(wire: Wire, folder: Folder, name: str) -> None:
    write(wire.path, name, b"what it says\r\n\xff\n")
    file = await only(folder)

    assert (file.name, file.size) == (name, 16)
    assert await folder.read(file, LIMIT) == b"what it says\r\n\xff\n"
    assert await folder.put_away(file, "done")
    assert (names(wire.path), names(wire.path / "done")) == ({"done", "error"}, {name})


@pytest.mark.parametrize("size", [0, 1, LIMIT])
async def test_a_file_is_read_whole(wire: Wire, folder: Folder, size: int) -> None:
    body = os.urandom(size)
    write(wire.path, "a.xml", body)

    assert await folder.read(await only(folder), LIMIT) == body


async def test_one_larger_than_the_limit_is_not_read_and_put_aside(wire: Wire, folder: Folder) -> None:
    write(wire.path, "a.xml", b"x" * (LIMIT + 1))
    file = await only(folder)

    with pytest.raises(TooLarge, match=r"a\.xml has more than max_body"):
        await folder.read(file, LIMIT)
    assert await folder.put_away(file, "error", reason="too large\n")
    assert (wire.path / "error/a.xml.reason").read_text() == "too large\n"


async def test_a_file_that_grew_since_is_neither_read_nor_moved(wire: Wire, folder: Folder) -> None:
    write(wire.path, "a.xml", b"half")
    file = await only(folder)
    write(wire.path, "a.xml", b"half and half")

    assert await folder.read(file, LIMIT) is None
    assert await folder.put_away(file, "done") is False
    assert names(wire.path) == {"a.xml", "done", "error"}
    assert await folder.read(await only(folder), LIMIT) == b"half and half"


async def test_a_file_that_is_gone_is_no_trouble(wire: Wire, folder: Folder) -> None:
    path = write(wire.path, "a.xml", b"x")
    file = await only(folder)
    path.unlink()

    assert await folder.read(file, LIMIT) is None
    assert await folder.put_away(file, "done") is False
    write(wire.path, "b.xml", b"y")
    assert await folder.read(await only(folder), LIMIT) == b"y"


async def test_of_one_name_both_are_kept(wire: Wire, folder: Folder) -> None:
    for body in (b"1", b"2", b"3"):
        write(wire.path, "a.xml", body, at=1_000_000_000)
        assert await folder.put_away(await only(folder), "done")

    done = wire.path / "done"
    assert {(done / name).read_bytes() for name in names(done)} == {b"1", b"2", b"3"}
    assert all(name.startswith("a.") and name.endswith(".xml") for name in names(done))


async def test_the_reason_lies_beside_what_could_not_be_read_and_media_go_along(wire: Wire, folder: Folder) -> None:
    for name in ("a.xml", "a.jpg", "b.jpg", "a.png"):
        write(wire.path, name, b"x")
    by_name = {file.name: file for file in await folder.files()}
    (wire.path / "a.png").unlink()

    assert await folder.put_away(
        by_name["a.xml"], "error", [by_name["a.png"], by_name["a.jpg"]], reason="ParseError: grüße\n"
    )

    assert names(wire.path / "error") == {"a.xml", "a.xml.reason", "a.jpg"}
    assert (wire.path / "error/a.xml.reason").read_text("utf-8") == "ParseError: grüße\n"
    assert names(wire.path) == {"b.jpg", "done", "error"}


async def test_the_name_that_a_file_gets_is_told_before(wire: Wire, folder: Folder) -> None:
    write(wire.path / "done", "a.jpg", b"older")
    for name in ("a.jpg", "b.jpg", "a.xml"):
        write(wire.path, name, b"x")
    by_name = {file.name: file for file in await folder.files()}
    told = [await folder.name_in(by_name[name], "done") for name in ("a.jpg", "b.jpg")]

    await folder.put_away(by_name["a.xml"], "done", [by_name["a.jpg"], by_name["b.jpg"]])

    assert told[1] == "b.jpg"
    assert names(wire.path / "done") == {"a.jpg", "a.xml", *told}


async def test_a_reason_that_was_left_behind_is_kept_too(wire: Wire, folder: Folder) -> None:
    left = write(wire.path / "error", "a.xml.reason", b"old")
    write(wire.path, "a.xml", b"x")

    assert await folder.put_away(await only(folder), "error", reason="new")

    reasons = [path.read_text() for path in (wire.path / "error").glob("*.reason")]
    assert "new" in reasons
    assert wire.url.startswith("file:") or left.read_text() == "old"


async def test_many_files_are_listed(wire: Wire, folder: Folder) -> None:
    for number in range(300):
        write(wire.path, f"{number}.xml", b"x")

    assert len(await folder.files()) == 300


async def test_a_link_is_not_followed_where_it_can_be_told(wire: Wire, folder: Folder, tmp_path: Path) -> None:
    (wire.path / "link.xml").symlink_to(write(tmp_path, "secret.xml", b"secret"))

    assert wire.url.startswith("ftp") or await folder.files() == []
