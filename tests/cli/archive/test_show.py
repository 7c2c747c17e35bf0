"""`ingestd archive show`, on feeds and pages that polls have fetched."""

from hashlib import sha256
from pathlib import Path

import pytest

from tests.cli.conftest import write_config
from tests.cli.running import ingestd
from tests.daemon.processes import change, rows
from tests.support.papers import Papers

STORY = (
    "The ferry between the two islands will run again from Monday, the harbour master said, after a winter in which "
    "its engine was taken apart twice and put together three times."
)
PAGE = f"<html lang=en><head><title>Ferry</title></head><body><article><h1>Ferry</h1><p>{STORY}</p></article>".encode()


def feed(link: str) -> bytes:
    return (
        f"<feed xmlns='http://www.w3.org/2005/Atom'><title>Feed</title><id>f</id><entry><id>1</id><title>Ferry</title>"
        f"<link href='{link}'/><updated>2026-01-31T12:00:00Z</updated></entry></feed>"
    ).encode()


@pytest.fixture
def polled(either: Path, papers: Papers) -> tuple[Path, str, str]:
    """Settings of a database with one record, the URL of its page, and that of its feed."""
    link = papers.publish("/1", PAGE, etag='"a1"')
    url = papers.publish("/feed.xml", feed(link), content_type="application/atom+xml")
    assert ingestd(either, "sources", "add", url).status == 0
    assert ingestd(either, "poll").status == 0
    return either, link, url


def test_a_record_has_the_answer_that_carried_its_page(polled: tuple[Path, str, str]) -> None:
    config, link, _ = polled
    name = sha256(PAGE).hexdigest()

    shown = [ingestd(config, "archive", "show", one) for one in ("1", link, name)]

    assert [done.status for done in shown] == [0, 0, 0]
    assert shown[0].out == shown[1].out == shown[2].out
    lines = shown[0].out.splitlines()
    assert {"status\t200 OK", f"url\t{link}", f"sha256\t{name}", f"bytes\t{len(PAGE):,}"} <= set(lines)
    assert 'header\tETag: "a1"' in lines
    [answer] = ingestd(config, "archive", "show", link, "--json").json
    assert (answer["status"], answer["size"], answer["redirects"]) == (200, len(PAGE), [])
    assert ["ETag", '"a1"'] in answer["headers"]


def test_the_body_is_written_as_it_was_received(polled: tuple[Path, str, str]) -> None:
    config, link, url = polled

    assert ingestd(config, "archive", "show", link, "--body").out.encode() == PAGE
    refused = ingestd(config, "archive", "show", url, "--body")
    assert (refused.status, refused.out) == (2, "")
    assert "--include-withheld" in refused.error
    shown = ingestd(config, "archive", "show", url, "--body", "--include-withheld")
    assert shown.out.encode() == feed(link)
    assert "withheld content shown" in shown.error


def test_of_a_killed_record_only_times_and_lengths_are_shown(polled: tuple[Path, str, str], database_url: str) -> None:
    config, link, _ = polled
    change(database_url, "UPDATE records SET pubstatus = 'canceled'")
    change(database_url, "UPDATE revisions SET pubstatus = 'canceled'")

    for name in ("1", link, sha256(PAGE).hexdigest()):
        done = ingestd(config, "archive", "show", name)
        assert done.status == 0
        assert [line.split("\t")[0] for line in done.out.splitlines()] == [
            "field", "status", "fetched", "sha256", "bytes"
        ]  # fmt: skip
        assert ingestd(config, "archive", "show", name, "--json").json[0].keys() == {
            "status", "reason", "fetched_at", "sha256", "size"
        }  # fmt: skip
        assert ingestd(config, "archive", "show", name, "--body").status == 2
        assert link in ingestd(config, "archive", "show", name, "--include-withheld").out


def test_the_page_of_an_address_without_a_record_is_not_shown(either: Path, papers: Papers) -> None:
    link = papers.publish("/1", b"<html><p>too short")
    papers.publish("/feed.xml", feed(link), content_type="application/atom+xml")
    ingestd(either, "sources", "add", papers.url("/feed.xml"))
    ingestd(either, "poll")
    papers.publish("/1", PAGE, status=451)
    ingestd(either, "failures", "retry")
    ingestd(either, "poll")

    [answer] = ingestd(either, "archive", "show", link, "--json").json
    assert (answer["status"], "headers" in answer) == (451, False)
    [answer] = ingestd(either, "archive", "show", link, "--json", "--include-withheld").json
    assert (answer["status"], answer["size"], "headers" in answer) == (451, 0, True)


def test_robots_txt_has_a_history(polled: tuple[Path, str, str], papers: Papers) -> None:
    config, *_ = polled

    [answer] = ingestd(config, "archive", "show", "--robots", papers.url(""), "--json").json
    again = ingestd(config, "archive", "show", "--robots", papers.url("/robots.txt"))

    assert (answer["status"], answer["url"], answer["size"]) == (404, papers.url("/robots.txt"), 0)
    assert "status\t404 Not Found" in again.out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "name a SHA-256, a URL or a record"),
        (("1", "--robots", "paper.example"), "name a SHA-256, a URL or a record"),
        (("99",), "no record 99"),
        (("ab" * 32,), "the archive has nothing of abab"),
        (("https://paper.example/",), "the archive has nothing of https://paper.example/"),
        (("--robots", "paper.example"), "the archive has nothing of paper.example"),
    ],
)
def test_what_the_archive_does_not_have_is_named(tmp_path: Path, arguments: tuple[str, ...], reason: str) -> None:
    config = write_config(tmp_path)
    ingestd(config, "db", "upgrade")

    done = ingestd(config, "archive", "show", *arguments)

    assert (done.status, reason in done.error) == (2, True), done.error


def test_a_document_that_was_deleted_keeps_no_answer(polled: tuple[Path, str, str], database_url: str) -> None:
    config, link, _ = polled
    [pack] = (config.parent / "state" / "archive").glob("packs/page/*.pack")
    assert rows(database_url, "SELECT count(*) FROM raws WHERE kind = 'page'") == [(1,)]
    pack.unlink()

    done = ingestd(config, "archive", "show", link)

    assert done.status == 1
    assert "missing: " in done.error


def test_db_usage_counts_what_the_archive_has_on_the_disk(polled: tuple[Path, str, str], papers: Papers) -> None:
    config, *_ = polled
    ingestd(config, "sources", "add", papers.url("/gone.xml"), "--unchecked")
    ingestd(config, "poll")

    found = ingestd(config, "db", "usage", "--json").json["archive"]
    lines = ingestd(config, "db", "usage").out.splitlines()

    assert {kind: one["documents"] for kind, one in found.items()} == {
        "feed": 1, "page": 1, "robots": 1, "refused": 0, "index": 0  # the empty body is stored once
    }  # fmt: skip
    assert all(one["bytes"] >= 4096 for one in found.values())
    assert [line.split("\t")[-1] for line in lines if line.startswith("archive: r")] == [
        "keep_failures",
        "kept for good",
    ]
