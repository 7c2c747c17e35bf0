"""`ingestd backfill`: in this process, and as a process where it is interrupted or killed."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.backfill.backfills import page
from tests.cli.running import ingestd
from tests.support.papers import Papers


def publish(papers: Papers, count: int) -> str:
    """Publish pages and return their URLs, one a line."""
    return "".join(f"{papers.publish(f'/{n}', page('Ferry', n))}\n" for n in range(count))


def command(config: Path, *args: str) -> list[str]:
    return [sys.executable, "-m", "ingestd", "backfill", *args, "--config", str(config)]


def run(config: Path, *args: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(config, *args), input=text, capture_output=True, text=True, timeout=120, check=False)


def test_urls_from_standard_input_become_records_once(papers: Papers, config: Path) -> None:
    urls = publish(papers, 3)

    first = ingestd(config, "backfill", "urls", "-", "--json", stdin=urls)
    second = ingestd(config, "backfill", "urls", "-", "--json", stdin=urls)

    assert first.status == second.status == 0, first.error + second.error
    assert first.json | {"seconds": 0} == {
        "backfill": 1, "kind": "urls", "state": "done", "documents": 0, "listed": 3, "known": 0, "made": 3,
        "new records": 3, "quarantined": 0, "given up": 0, "seconds": 0,
    }  # fmt: skip
    assert second.json["new records"] == 0
    assert len(papers.requests) == 3


def test_a_backfill_leaves_no_record_without_a_story(papers: Papers, config: Path, tmp_path: Path) -> None:
    assert ingestd(config, "backfill", "urls", "-", stdin=publish(papers, 3)).status == 0

    with closing(sqlite3.connect(tmp_path / "state" / "ingestd.db")) as database:
        assert database.execute("SELECT count(*) FROM copies").fetchall() == [(3,)]


def test_a_killed_backfill_is_resumed_without_fetching_pages_again(
    papers: Papers, config: Path, tmp_path: Path
) -> None:
    (tmp_path / "urls").write_text(publish(papers, 8))
    process = subprocess.Popen(command(config, "urls", str(tmp_path / "urls")), start_new_session=True)
    for _ in range(4):
        assert papers.asked.acquire(timeout=60)
    papers.go.clear()
    for _ in range(2):  # both slots are taken by pages that are never answered
        assert papers.asked.acquire(timeout=60)
    process.kill()
    process.wait()
    papers.go.set()

    interrupted = ingestd(config, "backfill", "list", "--json").json[0]
    resumed = run(config, "urls", str(tmp_path / "urls"), "--json")

    assert interrupted["state"] == "interrupted"
    assert interrupted["pending"] + interrupted["done"] == 8
    assert "resuming backfill 1" in resumed.stderr
    assert (resumed.returncode, json.loads(resumed.stdout)["new records"]) == (0, 8)
    assert {path for path in papers.requests if papers.requests.count(path) > 2} == set()
    assert ingestd(config, "backfill", "resume", "1").status == 2
    with closing(sqlite3.connect(tmp_path / "state" / "ingestd.db")) as database:
        assert database.execute("SELECT count(*), count(DISTINCT record_id) FROM carriers").fetchone() == (8, 8)


def test_an_interrupted_backfill_finishes_pages_under_way_and_says_how_to_resume(
    papers: Papers, config: Path, tmp_path: Path
) -> None:
    (tmp_path / "urls").write_text(publish(papers, 40))
    process = subprocess.Popen(
        command(config, "urls", str(tmp_path / "urls")), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    for _ in range(6):  # then the first pages are done, and the workers no longer start
        assert papers.asked.acquire(timeout=60)
    papers.go.clear()
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None
    assert "stopping after the pages under way" in process.stderr.readline()
    papers.go.set()

    _, errors = process.communicate(timeout=60)

    assert process.returncode == 128 + signal.SIGTERM
    assert "run `ingestd backfill resume 1` to continue" in errors
    assert 6 <= len(papers.requests) < 40
    assert f"{40 - len(papers.requests)} entries" in ingestd(config, "backfill", "cancel", "1").out


def test_quarantined_entries_are_reported(papers: Papers, config: Path) -> None:
    done = ingestd(config, "backfill", "urls", "-", stdin=papers.url("/missing\n"))

    assert done.status == 1
    assert "`ingestd failures list --quarantined`" in done.error


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(("archive", "9"), "no source 9", id="unknown-source"),
        pytest.param(("sitemap", "example"), "not an http(s) URL", id="no-url"),
        pytest.param(("sitemap", "http://a.test/", "--since", "May"), "'May' is not a day or time", id="no-day"),
        pytest.param(("urls", "missing.txt"), "missing.txt: no such file or directory", id="no-file"),
        pytest.param(("files", "missing"), "missing: no such file or directory", id="no-directory"),
        pytest.param(("resume", "7"), "no backfill 7", id="no-backfill"),
        pytest.param(("cancel", "7"), "no backfill 7", id="nothing-to-cancel"),
    ],
)
def test_a_usage_error_is_one_line_and_status_2(config: Path, args: tuple[str, ...], message: str) -> None:
    done = ingestd(config, "backfill", *args)

    assert (done.status, done.out) == (2, "")
    assert message in done.error
    assert done.error.count("\n") == 1


def test_what_is_no_feed_has_no_archive(config: Path, tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    for name, kind in (("inbox:wire", "an inbox"), (str(tmp_path / "drop"), "a drop folder")):
        ingestd(config, "sources", "add", name)

        done = ingestd(config, "backfill", "archive", name)

        assert done.status == 2
        assert f"is {kind}, which has no archive; name a feed's source" in done.error
