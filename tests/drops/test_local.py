import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.drops.files import File
from ingestd.drops.local import Directory
from ingestd.errors import Inaccessible, TooLarge
from tests.support.dropping import names, write

LIMIT = 1000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "wire"
    path.mkdir()
    return path


@pytest.fixture
def folder(path: Path) -> Iterator[Directory]:
    with Directory(path, path.as_uri()) as folder:
        yield folder


def only(folder: Directory) -> File:
    [file] = folder.files()
    return file


def test_files_are_listed_oldest_first_then_by_name(path: Path, folder: Directory) -> None:
    for name, at in (("c", 1_000.0), ("b", 2_000.0), ("a", 2_000.0)):
        write(path, name, b"x", at=at)

    assert [file.name for file in folder.files()] == ["c", "a", "b"]


@pytest.mark.parametrize("name", [".hidden", "a.tmp", "a.xml.part", "a.XML.FILEPART", "a.swp"])
def test_a_hidden_or_unfinished_file_is_not_listed(path: Path, folder: Directory, name: str) -> None:
    write(path, name, b"x")

    assert folder.files() == []


def test_only_regular_files_are_listed(path: Path, folder: Directory, tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.xml", b"secret")
    (path / "link.xml").symlink_to(secret)
    (path / "folder").mkdir()
    os.mkfifo(path / "pipe.xml")

    assert folder.files() == []


def test_a_file_replaced_by_a_link_is_not_followed(path: Path, folder: Directory, tmp_path: Path) -> None:
    file_path = write(path, "a.xml", b"x")
    file = only(folder)
    file_path.unlink()
    file_path.symlink_to(write(tmp_path, "secret.xml", b"x"))

    with pytest.raises(Inaccessible, match=r"cannot read a\.xml"):
        folder.read(file, LIMIT)
    assert folder.move_to(file, "done") is False


def test_a_changed_file_is_neither_read_nor_moved(path: Path, folder: Directory) -> None:
    write(path, "a.xml", b"half")
    file = only(folder)
    write(path, "a.xml", b"half and half")

    assert folder.read(file, LIMIT) is None
    assert folder.move_to(file, "done") is False
    assert names(path) == {"a.xml", "done", "error"}


def test_a_missing_file_is_neither_read_nor_moved(path: Path, folder: Directory) -> None:
    write(path, "a.xml", b"x").unlink()
    write(path, "b.xml", b"x")
    file = only(folder)
    (path / "b.xml").unlink()

    assert folder.read(file, LIMIT) is None
    assert folder.move_to(file, "done") is False


def test_a_file_over_the_limit_is_not_read(path: Path, folder: Directory) -> None:
    write(path, "a.xml", b"x" * (LIMIT + 1))

    with pytest.raises(TooLarge, match="max_body"):
        folder.read(only(folder), LIMIT)


def test_files_of_one_name_are_all_kept(path: Path, folder: Directory) -> None:
    for body in (b"1", b"2", b"3"):
        write(path, "a.xml", body, at=1_000.0)
        assert folder.move_to(only(folder), "done")

    assert {(path / "done" / name).read_bytes() for name in names(path / "done")} == {b"1", b"2", b"3"}
    assert "a.xml" in names(path / "done")
    assert all(name.endswith(".xml") for name in names(path / "done"))


def test_the_reason_is_written_beside_the_file_and_media_move_with_it(path: Path, folder: Directory) -> None:
    for name in ("a.xml", "a.jpg", "b.jpg"):
        write(path, name, b"x")
    by_name = {file.name: file for file in folder.files()}

    assert by_name["a.jpg"].is_media
    assert not by_name["a.xml"].is_media
    assert folder.move_to(by_name["a.xml"], "error", [by_name["a.jpg"]], reason="ParseError: no feed\n")

    assert names(path / "error") == {"a.xml", "a.xml.reason", "a.jpg"}
    assert (path / "error/a.xml.reason").read_text() == "ParseError: no feed\n"
    assert names(path) == {"b.jpg", "done", "error"}


def test_subfolders_and_reasons_are_as_accessible_as_the_folder(path: Path) -> None:
    path.chmod(0o770)
    before = os.umask(0o077)
    try:
        with Directory(path, path.as_uri()) as folder:
            write(path, "a.xml", b"x")
            folder.move_to(only(folder), "error", reason="no\n")
    finally:
        os.umask(before)

    assert [(path / name).stat().st_mode & 0o777 for name in ("done", "error")] == [0o770, 0o770]
    assert (path / "error/a.xml.reason").stat().st_mode & 0o777 == 0o660


def test_a_missing_folder_is_inaccessible(tmp_path: Path) -> None:
    with pytest.raises(Inaccessible, match="No such file or directory"), Directory(tmp_path / "none", "file:///none/"):
        pass


def test_a_subfolder_that_is_a_link_is_refused(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (path / "done").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Inaccessible), Directory(path, path.as_uri()):
        pass


def test_closing_leaves_no_descriptor_open(path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Directory(path, path.as_uri()) as folder:
        folder.files()

    assert len(list(Path("/proc/self/fd").iterdir())) == before
