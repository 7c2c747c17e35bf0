"""`ingestd archive move`, between a directory, a shared directory and an S3 server."""

import os
import signal
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.archive.test_directory import ROOT
from tests.cli.archive.test_show import PAGE, polled
from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.support.archived import damage_document
from tests.support.object_store import KEY_ID, SECRET, ObjectServer
from tests.support.papers import Papers

__all__ = ["polled"]

# Runs a command that kills itself after so many documents.
KILLED_AFTER = """
import os, signal, sys
from ingestd.archive.objects.archive import ObjectArchive
count = int(sys.argv[1])
put = ObjectArchive.put_document
async def put_document(self, document):
    global count
    await put(self, document)
    count -= 1
    if not count:
        os.kill(os.getpid(), signal.SIGKILL)
ObjectArchive.put_document = put_document
sys.argv = ["ingestd", *sys.argv[2:]]
from ingestd.__main__ import main
main()
"""


@pytest.fixture
def to_s3(object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a new bucket, with its key in the environment."""
    bucket = object_server.new_bucket()
    monkeypatch.setenv("INGESTD_ARCHIVE_KEYS", f"s3://{bucket} {KEY_ID} {SECRET}")
    return str(object_server.address(bucket))


def test_an_archive_moves_to_s3_and_back(
    polled: tuple[Path, str, str], to_s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, link, url = polled
    robots = link.rpartition("/")[0]
    shows = [("1",), (link,), (link, "--json"), (url, "--json"), ("--robots", robots)]
    before = [ingestd(config, "archive", "show", *how).out for how in shows]

    moved = ingestd(config, "archive", "move", to_s3, "--json")

    assert moved.status == 0, moved.error
    assert (moved.json["documents"], moved.json["copied"], moved.json["missing"]) == (3, 3, 0)
    assert f'set archive = "{to_s3}" in the settings' in ingestd(config, "archive", "move", to_s3).out
    (tmp_path / "state" / "archive").rename(tmp_path / "old")
    monkeypatch.setenv("INGESTD_ARCHIVE", to_s3)
    assert [ingestd(config, "archive", "show", *how).out for how in shows] == before
    assert ingestd(config, "reprocess", "--all").status == 0
    back = ingestd(config, "archive", "move", tmp_path / "back", "--json")
    assert (back.status, back.json["copied"]) == (0, 3), back.error
    monkeypatch.setenv("INGESTD_ARCHIVE", f"{tmp_path / 'back'}")
    assert [ingestd(config, "archive", "show", *how).out for how in shows] == before
    assert SECRET not in moved.out + moved.error + ingestd(config, "config", "show").out


def test_a_second_run_copies_what_is_new_and_erases_what_was_purged(
    polled: tuple[Path, str, str], papers: Papers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, link, _ = polled
    target = tmp_path / "shared"
    target.mkdir()
    address = f"file://{target}"
    assert ingestd(config, "archive", "move", address, "--json").json["copied"] == 3
    assert ingestd(config, "archive", "move", address, "--json").json["copied"] == 0
    assert ingestd(config, "records", "purge", "1", "--reason", "court").status == 0
    papers.publish("/feed.xml", b"<feed xmlns='http://www.w3.org/2005/Atom'><title>New</title><id>f</id></feed>")
    assert ingestd(config, "poll").status == 0

    again = ingestd(config, "archive", "move", address, "--json")

    assert again.status == 0, again.error
    assert again.json["erased"] >= 1
    monkeypatch.setenv("INGESTD_ARCHIVE", address)
    assert ingestd(config, "archive", "show", sha256(PAGE).hexdigest()).status == 2
    assert ingestd(config, "archive", "show", link).status == 2
    assert not list(target.rglob(f"bodies/{sha256(PAGE).hexdigest()}"))


@pytest.mark.parametrize("documents", [1, 2])
def test_a_killed_run_is_continued(polled: tuple[Path, str, str], to_s3: str, documents: int) -> None:
    config, _, _ = polled
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER, str(documents), "archive", "move", to_s3, "--config", str(config)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120, env=dict(os.environ),
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    done = ingestd(config, "archive", "move", to_s3, "--json")

    assert (done.status, done.json["documents"], done.json["others"]) == (0, 3, 0), done.error


def test_a_damaged_document_is_named_and_the_others_are_copied(polled: tuple[Path, str, str], tmp_path: Path) -> None:
    config, _, _ = polled
    (tmp_path / "shared").mkdir()
    damage_document(tmp_path / "state" / "archive", sha256(PAGE).hexdigest(), lambda data: data[:-5])

    done = ingestd(config, "archive", "move", f"file://{tmp_path}/shared", "--json")

    assert (done.status, done.json["documents"], done.json["missing"]) == (0, 2, 1)
    assert f"1 documents were missing or damaged in the archive, as {sha256(PAGE).hexdigest()}" in done.error


@pytest.mark.parametrize(
    ("to", "status", "message"),
    [
        ("ftp://news", 2, "ADDRESS: the address should be s3://BUCKET/PREFIX"),
        ("off", 2, "ADDRESS: should be a directory or an address"),
        ("file:///no/such/directory", 1, "there is no such directory; create it, or mount it"),
        ("s3://news?endpoint=http://127.0.0.1:9", 1, "it cannot be reached; check the endpoint and the network"),
    ],
)
def test_a_place_that_cannot_be_used_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, to: str, status: int, message: str
) -> None:
    monkeypatch.setenv("INGESTD_ARCHIVE_KEYS", "s3://news id secret")
    config = write_config(tmp_path, f"sqlite:///{tmp_path}/state/ingestd.db")

    done = ingestd(config, "archive", "move", to)

    assert (done.status, done.out) == (status, "")
    assert message in done.error
    assert done.error.count("\n") == 1


def test_config_check_asks_the_store(
    tmp_path: Path, object_server: ObjectServer, to_s3: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = write_config(tmp_path, f"sqlite:///{tmp_path}/state/ingestd.db")
    monkeypatch.setenv("INGESTD_ARCHIVE", to_s3)
    assert ingestd(config, "config", "check").status == 0

    monkeypatch.setenv("INGESTD_ARCHIVE", str(object_server.address("no-such-bucket")))
    monkeypatch.setenv("INGESTD_ARCHIVE_KEYS", "s3://no-such-bucket id secret")
    done = ingestd(config, "config", "check")

    assert done.status == 1
    assert "there is no bucket no-such-bucket; create it, or correct the address" in done.error
