"""Drop folders on other hosts and the daemon as a process: each item exactly once, whatever is killed."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.daemon.processes import Start, ingestd, rows
from tests.daemon.test_folder_watch import current, text
from tests.support import drop_folders
from tests.support.drop_folders import DropFolder
from tests.support.dropping import drop, item, names, write

Serve = Callable[..., AbstractContextManager[DropFolder]]


@pytest.mark.parametrize(
    ("serve", "database_url"),
    [(drop_folders.ftp, "sqlite"), (drop_folders.sftp, "postgresql")],
    indirect=["database_url"],
)
def test_repeated_kills_while_files_arrive_lose_and_duplicate_nothing(
    serve: Serve, start: Start, config: Path, tmp_path: Path, database_url: str
) -> None:
    truth = {}
    with serve(tmp_path / "root") as wire:
        config.write_text(f"{config.read_text()}settle = '200ms'\nfolder_interval = 1\n{wire.toml}")
        ingestd(config, "sources", "add", wire.url)
        for turn in range(2):
            daemon = start()
            daemon.logged("started")
            for number in range(turn * 15, turn * 15 + 15):
                drop(wire.path, f"{number}.json", item(f"urn:{number}", f"Ferry {number}", text=text(number)))
                truth[f"urn:{number}"] = (f"Ferry {number}", True)
            daemon.logged("saved", 3)
            daemon.kill()
        write(wire.path, "bad.xml", b"<html><p>no wire</p></html>")

        ingestd(config, "poll", "1")

        assert current(database_url) == truth
        assert names(wire.path) == {"done", "error"}
        assert (len(names(wire.path / "done")), names(wire.path / "error")) == (30, {"bad.xml", "bad.xml.reason"})
    assert rows(database_url, "SELECT count(*), count(DISTINCT guid) FROM entries") == [(30, 30)]
    assert rows(database_url, "SELECT count(*) - max(seq) FROM events") == [(0,)]
    assert rows(database_url, "SELECT error, stage FROM failures") == [("UnknownFormat", "parse")]
