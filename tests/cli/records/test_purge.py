"""`ingestd records purge` leaves no content in the database, its files or the archive, on both databases."""

import asyncio
from pathlib import Path

import pytest

from ingestd.archive.directory import DirectoryArchive
from ingestd.errors import ArchiveError
from tests.cli.conftest import write_config
from tests.cli.feeds import rss
from tests.cli.running import ingestd
from tests.daemon.processes import change, rows
from tests.support.papers import Papers

SECRET = "Quastenflosser"
PARAGRAPH = (
    f"The {SECRET} was seen in the harbour by a keeper who had never heard of it, and who wrote down what he saw."
)


def page(text: str) -> bytes:
    head = f"<html lang=en><head><title>{SECRET} in the harbour</title></head>"
    return f"{head}<body><article><h1>{SECRET} in the harbour</h1><p>{text}</p></article></body></html>".encode()


def feed(papers: Papers, *links: str, title: str = f"{SECRET} in the harbour") -> bytes:
    entries = "".join(
        f"<entry><id>tag:{link}</id><title>{title}</title><link href='{link}'/><summary>{SECRET}</summary>"
        "<updated>2026-01-31T12:00:00Z</updated></entry>"
        for link in links
    )
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><id>tag:feed</id>{entries}</feed>".encode()


@pytest.fixture
def kept(papers: Papers, either: Path) -> str:
    """Two records, one of which has the secret; return the URL of its page."""
    story = papers.publish("/secret", page(f"{PARAGRAPH} {PARAGRAPH}"), content_type="text/html")
    papers.publish("/secret.xml", feed(papers, story), content_type="application/atom+xml")
    papers.publish("/other.xml", rss(1, 1), content_type="application/rss+xml")
    for path in ("/secret.xml", "/other.xml"):
        assert ingestd(either, "sources", "add", papers.url(path)).status == 0
    assert ingestd(either, "poll").status == 0
    return story


def archived(folder: Path, names: list[str]) -> set[str]:
    """Return which of some documents are in the archive and contain the secret."""
    archive = DirectoryArchive(folder / "state" / "archive")

    async def read(sha256: str) -> bytes:
        try:
            return await archive.get(sha256)
        except ArchiveError:
            return b""

    async def read_all() -> set[str]:
        return {name for name in names if SECRET.encode() in await read(name)}

    return asyncio.run(read_all())


def stored(database_url: str) -> list[str]:
    """Return the tables that contain the secret."""
    tables = ("sources", "entries", "records", "revisions", "failures", "decisions", "events", "evidence", "sites")
    return [
        table for table in tables if any(SECRET in str(row) for row in rows(database_url, f"SELECT * FROM {table}"))
    ]


def test_no_content_of_a_purged_record_is_left(either: Path, database_url: str, kept: str, tmp_path: Path) -> None:
    documents = [name for (name,) in rows(database_url, "SELECT sha256 FROM raws")]
    assert len(archived(tmp_path, documents)) == 2
    assert len(ingestd(either, "records", "search", SECRET, "--json").json) == 1

    planned = ingestd(either, "records", "purge", kept, "--dry-run")
    assert planned.out == "1 records to purge: 1 revisions, 1 entries, 2 documents\n"
    assert len(ingestd(either, "records", "search", SECRET, "--json").json) == 1
    done = ingestd(either, "records", "purge", kept, "--reason", "court order 7")

    assert (done.status, done.error) == (0, "")
    assert done.out == "1 records purged: 1 revisions, 1 entries, 2 documents\n"
    assert stored(database_url) == []
    assert archived(tmp_path, documents) == set()
    assert ingestd(either, "records", "search", SECRET, "--json").json == []
    for command in (("records", "show", kept, "--include-withheld"), ("why", kept), ("events",), ("failures", "list")):
        assert SECRET not in ingestd(either, *command).out, command
    if database_url.startswith("sqlite"):
        files = (tmp_path / "state").glob("ingestd.db*") if "state" in database_url else tmp_path.glob("ingestd.db*")
        assert [file for file in files if SECRET.encode() in file.read_bytes()] == []
    [(actor, reason, revisions)] = rows(database_url, "SELECT actor, reason, revisions FROM purges")
    assert (bool(actor), reason, revisions) == (True, "court order 7", 1)
    assert rows(database_url, "SELECT kind, pubstatus FROM events ORDER BY seq DESC LIMIT 1") == [
        ("purged", "canceled")
    ]
    assert len(ingestd(either, "records", "list", "--json").json) == 1  # the other one


def test_a_purged_record_is_never_news_again(either: Path, database_url: str, kept: str, papers: Papers) -> None:
    assert ingestd(either, "records", "purge", kept).status == 0
    papers.publish("/secret.xml", feed(papers, kept, title=f"{SECRET} again"), content_type="application/atom+xml")
    papers.publish("/third.xml", feed(papers, kept), content_type="application/atom+xml")
    papers.publish("/secret", page(f"{PARAGRAPH} {PARAGRAPH} {PARAGRAPH}"), content_type="text/html")
    ingestd(either, "sources", "add", papers.url("/third.xml"))
    before = papers.requests.count("/secret")

    change(database_url, "UPDATE sources SET due_at = '2020-01-01 00:00:00'")
    assert ingestd(either, "poll").status == 0
    change(database_url, "UPDATE entries SET revisit_at = '2020-01-01 00:00:00' WHERE state = 'done'")

    assert stored(database_url) == []
    assert papers.requests.count("/secret") == before
    assert rows(
        database_url, "SELECT count(*) FROM revisions WHERE content_hash IS NOT NULL AND change != 'purged'"
    ) == [(1,)]
    assert rows(database_url, "SELECT kind FROM events ORDER BY seq")[-1] == ("purged",)


def test_all_records_of_a_source_are_purged(either: Path, database_url: str, kept: str, papers: Papers) -> None:
    done = ingestd(either, "records", "purge", "--source", papers.url("/secret.xml"), "--json")

    assert done.json["records"] == 1
    assert stored(database_url) == []
    again = ingestd(either, "records", "purge", "--source", papers.url("/secret.xml"), "--json")
    assert again.json["records"] == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "name records, or --source, or --site"),
        (("1", "--site", "x.example"), "name records, or --source, or --site"),
        (("99",), "no record 99"),
        (("--source", "99"), "no source 99"),
    ],
)
def test_what_cannot_be_purged_is_named(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    config = write_config(tmp_path)
    ingestd(config, "db", "upgrade")

    done = ingestd(config, "records", "purge", *arguments)

    assert (done.status, reason in done.error) == (2, True), done.error


def test_a_purge_is_listed_and_told_to_consumers(either: Path, kept: str) -> None:
    [before] = [one for one in ingestd(either, "records", "list", "--json").json if SECRET in str(one)]
    exported = ingestd(either, "records", "export").out.splitlines()
    assert ingestd(either, "records", "purge", kept, "--reason", "court order 7").status == 0

    [purge] = ingestd(either, "records", "purges", "--json").json
    events = ingestd(either, "events", "--kind", "purged", "--json").out
    assert (purge["reason"], purge["guids"], purge["documents"], purge["shared"]) == (
        "court order 7", [before["guid"]], 2, 0
    )  # fmt: skip
    assert before["guid"] in events
    assert "court order 7\t1\t1\t2\t0" in ingestd(either, "records", "purges").out
    left = ingestd(either, "records", "export").out.splitlines()
    assert [line for line in exported if line not in left] == [line for line in exported if before["guid"] in line]
