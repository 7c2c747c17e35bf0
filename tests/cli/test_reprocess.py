"""`ingestd reprocess`: in this process, and as a process where it is killed or writes to a terminal."""

import asyncio
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import ingestd
from tests.daemon.processes import rows
from tests.support.archived import as_loose_file
from tests.support.desk import OTHER, STORY, add, open_desk
from tests.support.older import PROMPT, make_by_older_rules
from tests.support.papers import Papers


def command(config: Path, *args: object) -> list[str]:
    return [sys.executable, "-m", "ingestd", "reprocess", *map(str, args), "--config", str(config)]


def run(config: Path, *args: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(config, *args), capture_output=True, text=True, timeout=120, check=False)


def rss(texts: list[str]) -> bytes:
    """A feed whose entries carry their whole text."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>Story {number}</title>"
        f"<description>{text} {text}</description></item>"
        for number, text in enumerate(texts)
    )
    return f"<rss version='2.0'><channel><title>F</title>{items}</channel></rss>".encode()


def keep(papers: Papers, url: str, folder: Path, texts: list[str]) -> None:
    """Save records of texts as older rules produced them."""
    feed = papers.publish("/feed.xml", rss(texts), content_type="application/rss+xml")

    async def work() -> None:
        async with open_desk(url, folder / "state") as runtime:
            await add(runtime, feed)
            await make_by_older_rules(runtime)

    asyncio.run(work())


@pytest.fixture
def kept(papers: Papers, either: Path, database_url: str, tmp_path: Path) -> Path:
    keep(papers, database_url, tmp_path, [STORY, OTHER])
    return either


def test_a_dry_run_reports_what_the_run_then_changes(kept: Path, database_url: str) -> None:
    count = "SELECT count(*) FROM revisions"

    dry = ingestd(kept, "reprocess", "--dry-run", "--json")
    assert rows(database_url, count) == [(2,)]
    done, again = ingestd(kept, "reprocess", "--json"), ingestd(kept, "reprocess", "--json")

    assert (dry.status, done.status, again.status) == (0, 0, 0), dry.error + done.error
    before, after = dry.json, done.json
    assert (before["dry_run"], before["looked_at"], before["changed"], before["fields"]) == (
        True, 2, 2, {"body_text": 2},
    )  # fmt: skip
    assert [one["before"] - one["after"] for one in before["shorter_texts"]] == [len(PROMPT) + 2] * 2
    assert {**after, "dry_run": True, "seconds": 0} == {**before, "seconds": 0}
    [one, _] = before["sample"]
    assert one["fields"]["body_text"]["old"] == f"{one['fields']['body_text']['new']}\n\n{PROMPT}"
    assert again.json["looked_at"] == 0
    assert rows(database_url, count) == [(4,)]


def test_the_text_output_lists_changes_and_counts(kept: Path) -> None:
    done = ingestd(kept, "reprocess", "--dry-run")

    assert f"-{PROMPT}" in done.out.splitlines()
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert ["body_text", "2"] in lines
    assert ["would change", "2"] in lines
    assert "texts that are shorter: 2" in done.out
    assert "rules " in done.error
    assert PROMPT not in ingestd(kept, "reprocess", "--dry-run", "--samples", 0).out


def test_revisions_are_shown_with_their_kind(kept: Path) -> None:
    ingestd(kept, "reprocess")

    revisions = ingestd(kept, "records", "show", "1", "--revisions", "--json").json
    assert [(one["revision"], one["change"]) for one in revisions] == [(1, "new"), (2, "reprocessed")]
    assert revisions[0]["rules"] != revisions[1]["rules"]
    assert "reprocessed" in ingestd(kept, "records", "show", "1", "--revisions").out
    assert f"-{PROMPT}" in ingestd(kept, "records", "show", "1", "--diff").out.splitlines()
    assert PROMPT not in ingestd(kept, "records", "export").out


def test_options_select_records(kept: Path) -> None:
    def looked_at(*args: object) -> int:
        return ingestd(kept, "reprocess", "--dry-run", "--json", *args).json["looked_at"]

    assert looked_at("--source", 1) == looked_at("--since", "1d") == 2
    assert looked_at("--since", "2999-01-01") == looked_at("--site", "elsewhere.example") == 0
    assert looked_at("--limit", 1) == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        pytest.param(("--site", "http://[/"), "'http://[/' is not a site", id="site"),
        pytest.param(("--since", "yesteryear"), "'yesteryear' is not a time", id="time"),
        pytest.param(("--source", 9), "no source 9", id="source"),
    ],
)
def test_a_usage_error_is_one_line_and_status_2(config: Path, args: tuple[object, ...], message: str) -> None:
    done = ingestd(config, "reprocess", *args)

    assert (done.status, done.out) == (2, "")
    assert message in done.error


def test_a_record_that_cannot_be_extracted_again_has_status_1(kept: Path, database_url: str, tmp_path: Path) -> None:
    [(raw,)] = rows(database_url, "SELECT raw FROM revisions WHERE record_id = 2")
    stored(tmp_path, raw).unlink()

    done = ingestd(kept, "reprocess")

    assert done.status == 1
    assert "records not made again: 1" in done.out
    assert "missing: " in done.out


def test_outdated_hashes_are_computed_again(papers: Papers, config: Path, tmp_path: Path) -> None:
    feed = papers.publish("/feed.xml", rss([STORY]), content_type="application/rss+xml")

    async def keep_one() -> None:
        async with open_desk(f"sqlite:///{tmp_path}/state/ingestd.db", tmp_path / "state") as runtime:
            await add(runtime, feed)
            await make_by_older_rules(runtime, lambda article: article, hashed=lambda _text, **_: "0" * 64)

    asyncio.run(keep_one())

    result = ingestd(config, "reprocess", "--json").json

    assert result["fields"] == {"content_hash": 1}
    assert result["sample"][0]["fields"]["content_hash"]["old"] == "0" * 64
    assert ingestd(config, "reprocess", "--json").json["looked_at"] == 0
    assert ingestd(config, "records", "show", "1", "--diff").out.count("\n") == 1


def stored(folder: Path, raw: str) -> Path:
    return as_loose_file(folder / "state" / "archive", raw)


def test_progress_is_shown_on_a_terminal(kept: Path) -> None:
    terminal, other_end = pty.openpty()

    done = subprocess.run(
        command(kept), stdout=subprocess.PIPE, stderr=other_end, env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        timeout=120, check=False,
    )  # fmt: skip
    os.close(other_end)

    assert done.returncode == 0
    assert b"2/2" in whole(terminal)


def whole(terminal: int) -> bytes:
    """Return all that was written to a terminal whose other end is closed."""
    found = b""
    try:
        while more := os.read(terminal, 65536):
            found += more
    except OSError:  # EIO: the other end is closed
        pass
    os.close(terminal)
    return found


@pytest.fixture
def many(papers: Papers, either: Path, database_url: str, tmp_path: Path) -> Path:
    texts = [f"Island {number}: {STORY}" for number in range(130)]
    keep(papers, database_url, tmp_path, texts)
    return either


def test_a_killed_reprocess_continues_where_it_stopped(many: Path, database_url: str, tmp_path: Path) -> None:
    last = "SELECT raw FROM revisions WHERE record_id = 125"
    [(raw,)] = rows(database_url, last)
    path = stored(tmp_path, raw)
    body = path.read_bytes()
    path.unlink()
    os.mkfifo(path)  # a reader of these bytes blocks until there is a writer

    process = subprocess.Popen(command(many))
    writer = os.open(path, os.O_WRONLY)
    process.kill()
    process.wait()
    os.close(writer)
    path.unlink()
    path.write_bytes(body)
    committed = rows(database_url, "SELECT count(*) FROM revisions WHERE change = 'reprocessed'")[0][0]
    halves = rows(database_url, HALVES)
    rest = ingestd(many, "reprocess", "--json").json

    assert 50 <= committed < 125
    assert halves == rows(database_url, HALVES) == [(0,)]
    assert (rest["looked_at"], rest["changed"], rest["failed"]) == (130 - committed, 130 - committed, 0)
    assert rows(database_url, "SELECT count(*), max(revision) FROM revisions") == [(260, 2)]
    assert rows(database_url, "SELECT count(*) - count(story_id), count(*) - max(seq) FROM events") == [(260, 0)]
    assert ingestd(many, "reprocess", "--json").json["looked_at"] == 0


#: Records whose current revision is not there, or that have another number of events or texts than of revisions.
HALVES = """
    SELECT count(*) FROM records
    WHERE NOT EXISTS (SELECT 1 FROM revisions v WHERE v.record_id = records.id AND v.revision = records.revision)
    OR revision <> (SELECT count(*) FROM events e WHERE e.record_id = records.id)
    OR revision <> (SELECT count(*) FROM texts t WHERE t.record_id = records.id)
"""
