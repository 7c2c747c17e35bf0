"""Contract of every drop folder, local and remote."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ingestd.drops.files import File, Folder
from ingestd.errors import TooLarge
from tests.support.drop_folders import DROP_FOLDERS, DropFolder
from tests.support.dropping import names, write

LIMIT = 100_000


@pytest.fixture(scope="module", params=DROP_FOLDERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DropFolder]:
    with DROP_FOLDERS[request.param](tmp_path_factory.mktemp("wire") / "root") as wire:
        yield wire


@pytest.fixture
def wire(server: DropFolder) -> DropFolder:
    for path in sorted(server.path.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink()
    return server


@pytest.fixture
async def folder(wire: DropFolder) -> AsyncIterator[Folder]:
    async with wire.open() as folder:
        yield folder


async def only(folder: Folder) -> File:
    [file] = await folder.files()
    return file


async def test_opening_creates_the_subfolders_once(wire: DropFolder) -> None:
    for _ in range(2):
        async with wire.open() as folder:
            assert await folder.files() == []

        assert names(wire.path) == {"done", "error"}


async def test_files_are_listed_oldest_first_then_by_name(wire: DropFolder, folder: Folder) -> None:
    for name, at in (("c", 1_000_000_000), ("b", 1_000_000_060), ("a", 1_000_000_060)):
        write(wire.path, name, b"x", at=at)

    assert [file.name for file in await folder.files()] == ["c", "a", "b"]


async def test_unfinished_hidden_and_irregular_files_are_not_listed(wire: DropFolder, folder: Folder) -> None:
    for name in (".hidden", "a.tmp", "a.xml.part"):
        write(wire.path, name, b"x")
    (wire.path / "folder.xml").mkdir()

    assert await folder.files() == []


@pytest.mark.parametrize("name", ["a story.xml", "grüße.xml", "--.xml", "a;b=c d'.xml", 'q"q.xml', "[x]*?.xml"])
async def test_a_file_with_an_odd_name_is_read_and_moved(wire: DropFolder, folder: Folder, name: str) -> None:
    write(wire.path, name, b"what it says\r\n\xff\n")
    file = await only(folder)

    assert (file.name, file.size) == (name, 16)
    assert await folder.read(file, LIMIT) == b"what it says\r\n\xff\n"
    assert await folder.move_to(file, "done")
    assert (names(wire.path), names(wire.path / "done")) == ({"done", "error"}, {name})


@pytest.mark.parametrize("size", [0, 1, LIMIT])
async def test_read_returns_the_whole_file(wire: DropFolder, folder: Folder, size: int) -> None:
    body = os.urandom(size)
    write(wire.path, "a.xml", body)

    assert await folder.read(await only(folder), LIMIT) == body


async def test_a_file_over_the_limit_is_not_read_and_can_be_moved_to_error(wire: DropFolder, folder: Folder) -> None:
    write(wire.path, "a.xml", b"x" * (LIMIT + 1))
    file = await only(folder)

    with pytest.raises(TooLarge, match=r"a\.xml has 100001 bytes, more than max_body \(100000\)"):
        await folder.read(file, LIMIT)
    assert await folder.move_to(file, "error", reason="too large\n")
    assert (wire.path / "error/a.xml.reason").read_text() == "too large\n"


async def test_a_file_that_has_grown_is_neither_read_nor_moved(wire: DropFolder, folder: Folder) -> None:
    write(wire.path, "a.xml", b"half")
    file = await only(folder)
    write(wire.path, "a.xml", b"half and half")

    assert await folder.read(file, LIMIT) is None
    assert await folder.move_to(file, "done") is False
    assert names(wire.path) == {"a.xml", "done", "error"}
    assert await folder.read(await only(folder), LIMIT) == b"half and half"


async def test_a_missing_file_is_skipped_and_the_folder_still_works(wire: DropFolder, folder: Folder) -> None:
    path = write(wire.path, "a.xml", b"x")
    file = await only(folder)
    path.unlink()

    assert await folder.read(file, LIMIT) is None
    assert await folder.move_to(file, "done") is False
    write(wire.path, "b.xml", b"y")
    assert await folder.read(await only(folder), LIMIT) == b"y"


async def test_files_of_one_name_are_all_kept(wire: DropFolder, folder: Folder) -> None:
    for body in (b"1", b"2", b"3"):
        write(wire.path, "a.xml", body, at=1_000_000_000)
        assert await folder.move_to(await only(folder), "done")

    done = wire.path / "done"
    assert {(done / name).read_bytes() for name in names(done)} == {b"1", b"2", b"3"}
    assert all(name.startswith("a.") and name.endswith(".xml") for name in names(done))


async def test_the_reason_is_written_beside_the_file_and_media_move_with_it(wire: DropFolder, folder: Folder) -> None:
    for name in ("a.xml", "a.jpg", "b.jpg", "a.png"):
        write(wire.path, name, b"x")
    by_name = {file.name: file for file in await folder.files()}
    (wire.path / "a.png").unlink()

    assert await folder.move_to(
        by_name["a.xml"], "error", [by_name["a.png"], by_name["a.jpg"]], reason="ParseError: grüße\n"
    )

    assert names(wire.path / "error") == {"a.xml", "a.xml.reason", "a.jpg"}
    assert (wire.path / "error/a.xml.reason").read_text("utf-8") == "ParseError: grüße\n"
    assert names(wire.path) == {"b.jpg", "done", "error"}


async def test_target_name_returns_the_name_that_move_to_gives(wire: DropFolder, folder: Folder) -> None:
    write(wire.path / "done", "a.jpg", b"older")
    for name in ("a.jpg", "b.jpg", "a.xml"):
        write(wire.path, name, b"x")
    by_name = {file.name: file for file in await folder.files()}
    targets = [await folder.target_name(by_name[name], "done") for name in ("a.jpg", "b.jpg")]

    await folder.move_to(by_name["a.xml"], "done", [by_name["a.jpg"], by_name["b.jpg"]])

    assert targets[1] == "b.jpg"
    assert names(wire.path / "done") == {"a.jpg", "a.xml", *targets}


async def test_an_older_reason_file_is_kept(wire: DropFolder, folder: Folder) -> None:
    older = write(wire.path / "error", "a.xml.reason", b"old")
    write(wire.path, "a.xml", b"x")

    assert await folder.move_to(await only(folder), "error", reason="new")

    reasons = [path.read_text() for path in (wire.path / "error").glob("*.reason")]
    assert "new" in reasons
    assert wire.url.startswith("file:") or older.read_text() == "old"


async def test_many_files_are_listed(wire: DropFolder, folder: Folder) -> None:
    for number in range(300):
        write(wire.path, f"{number}.xml", b"x")

    assert len(await folder.files()) == 300


async def test_a_link_is_not_listed_where_the_protocol_shows_links(
    wire: DropFolder, folder: Folder, tmp_path: Path
) -> None:
    (wire.path / "link.xml").symlink_to(write(tmp_path, "secret.xml", b"secret"))

    assert wire.url.startswith("ftp") or await folder.files() == []
