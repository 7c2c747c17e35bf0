import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from ingestd.cli.database import open_database
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.urls import site, without_userinfo
from tests.backfill.backfills import atom
from tests.cli.feeds import feed
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_a_feed_is_added_once_listed_and_shown(papers: Papers, either: Path) -> None:
    url = feed(papers)

    first = ingestd(either, "sources", "add", url, "--title", "Mine", "--interval", "30m", "--json")
    second = ingestd(either, "sources", "add", url)

    assert first.json == [{"id": 1, "url": url, "new": True, "entries": 1}]
    assert second.out == f"source 1: {url} (exists already)\n"
    [row] = ingestd(either, "sources", "list", "--json").json
    assert (row["url"], row["title"], row["condition"]) == (url, "Mine", "ok")
    shown = ingestd(either, "sources", "show", "1", "--json").json
    assert (shown["interval"], [poll["outcome"] for poll in shown["polls"]]) == (1800, ["new"])
    assert papers.requests.count("/feed.xml") == 1


def test_adding_a_feed_is_its_first_poll_and_the_next_is_conditional(papers: Papers, either: Path) -> None:
    url = papers.publish("/feed.xml", atom(papers.url("/1")), content_type="application/atom+xml", etag='"one"')

    ingestd(either, "sources", "add", url)
    ingestd(either, "poll", url)

    asked = dict.fromkeys(papers.requests)
    assert list(asked) == ["/feed.xml", "/1"]
    assert [mark for path, mark in zip(papers.requests, papers.conditions, strict=True) if path == "/feed.xml"] == [
        None,
        '"one"',
    ]


def test_the_feeds_that_a_page_names_are_added(papers: Papers, config: Path) -> None:
    url = feed(papers)
    link = '<link rel="alternate" type="application/atom+xml" title="News" href="/feed.xml">'
    home = papers.publish("/", f"<html><head>{link}</head><body>Home</body></html>".encode())

    added = ingestd(config, "sources", "add", home, "--json").json

    assert [row["url"] for row in added] == [url]


def test_the_feeds_that_a_link_header_names_are_added(papers: Papers, config: Path) -> None:
    url = feed(papers)
    link = '</feed.xml>; rel="alternate"; type="application/rss+xml"; title="News"'
    home = papers.publish("/", b"<html><body>Home</body></html>", link=link)

    assert [row["url"] for row in ingestd(config, "sources", "add", home, "--json").json] == [url]


def test_a_list_that_has_nothing_yet_is_added(papers: Papers, config: Path) -> None:
    url = papers.publish("/list", b"", status=204)

    assert ingestd(config, "sources", "add", url, "--json").json == [
        {"id": 1, "url": url, "new": True, "entries": None}
    ]


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        pytest.param("/missing", 1, "HTTP 404", id="typo-in-the-path"),
        pytest.param("/page", 1, "is not a feed and names none", id="page-without-feeds"),
    ],
)
def test_a_page_without_feeds_is_not_added(papers: Papers, config: Path, path: str, status: int, message: str) -> None:
    papers.publish("/page", b"<html><body>Nothing here</body></html>")

    done = ingestd(config, "sources", "add", papers.url(path))

    assert done.status == status
    assert message in done.error
    assert ingestd(config, "sources", "list", "--json").json == []


def test_an_unknown_host_is_reported(config: Path) -> None:
    done = ingestd(config, "sources", "add", "http://no-such-host.invalid/feed")

    assert done.status == 1
    assert "no-such-host.invalid" in done.error


@pytest.mark.parametrize("url", ["example/feed", "gopher://example.com/feed", "http://"])
def test_an_invalid_url_is_a_usage_error(config: Path, url: str) -> None:
    done = ingestd(config, "sources", "add", url)

    assert done.status == 2
    assert "not an http(s) URL" in done.error


def test_credentials_in_a_url_are_never_shown(config: Path) -> None:
    done = [
        ingestd(config, "sources", "add", "http://user:secret@127.0.0.1:9/feed", "--unchecked"),
        ingestd(config, "sources", "add", "http://user:secret@127.0.0.1:9/other"),
        ingestd(config, "sources", "list", "--json"),
        ingestd(config, "sources", "show", "1", "--json"),
        ingestd(config, "sources", "pause", "1"),
        ingestd(config, "sources", "show", "http://user:secret@127.0.0.1:9/none"),
    ]

    assert [step.status for step in done] == [0, 1, 0, 0, 0, 2]
    assert "secret" not in "".join(step.out + step.error for step in done)


def test_a_drop_folder_is_added_by_path_shown_paused_and_resumed(either: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wire"
    folder.mkdir()

    [added] = ingestd(either, "sources", "add", folder, "--title", "Wire", "--json").json
    again = ingestd(either, "sources", "add", f"{folder.as_uri()}/")
    paused = ingestd(either, "sources", "pause", folder)
    ingestd(either, "sources", "resume", folder.as_uri())

    shown = ingestd(either, "sources", "show", folder, "--json").json
    assert added == {"id": 1, "url": f"{folder.as_uri()}/", "new": True, "entries": None}
    assert "exists already" in again.out
    assert paused.out == f"{folder.as_uri()}/: paused\n"
    assert (shown["condition"], shown["title"], shown["next_attempt_at"] is None) == ("ok", "Wire", False)
    assert ingestd(either, "sources", "export").out.count("xmlUrl") == 0


def test_a_missing_folder_is_a_usage_error(config: Path, tmp_path: Path) -> None:
    done = ingestd(config, "sources", "add", tmp_path / "none")

    assert (done.status, done.out) == (2, "")
    assert "No such file or directory; use --unchecked to add it anyway" in done.error
    assert ingestd(config, "sources", "add", tmp_path / "none", "--unchecked").status == 0


def test_an_inbox_is_added_by_name_and_not_polled(either: Path) -> None:
    added = ingestd(either, "sources", "add", "inbox:wire")
    polled = ingestd(either, "poll", "inbox:wire")
    [listed] = ingestd(either, "sources", "list", "--json").json
    ingestd(either, "sources", "remove", "inbox:wire")
    ingestd(either, "sources", "add", "inbox:wire")

    [again] = ingestd(either, "sources", "list", "--json").json
    assert added.out == "source 1: inbox:wire\n"
    assert (polled.status, "POST /v1/inbox/1" in polled.error) == (2, True)
    assert (listed["condition"], listed["next_attempt_at"], again["next_attempt_at"]) == ("ok", None, None)
    assert ingestd(either, "sources", "add", "inbox:no name").status == 2


SPELLINGS = [
    "HTTP://News.Example/Feed",
    "http://news.example:80/Feed",
    "http://news.example/Feed#top",
    "http://news.example/Feed?",
    "  http://news.example/Feed  ",
    "http://news.example./Feed",
    "http://news.example/%46eed",
    "http://@news.example/Feed",
    "http://news.example/a/../Feed",
    "http://news.example/./Feed#x",
    "http://news.example/%2e/Feed",
    "feed://news.example/Feed",
    "feed:http://news.example/Feed#top",
    "FEED://News.example.:80/Feed",
    "news.example/Feed",
    "News.Example:80/Feed#x",
]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_all_spellings_of_an_address_are_one_source(either: Path, spelling: str) -> None:
    ingestd(either, "sources", "add", "http://news.example/Feed", "--unchecked")

    again = ingestd(either, "sources", "add", spelling, "--unchecked", "--json").json

    assert [(row["id"], row["new"]) for row in again] == [(1, False)]
    assert ingestd(either, "sources", "show", spelling, "--json").json["id"] == 1
    assert len(ingestd(either, "sources", "list", "--json").json) == 1


def test_spellings_of_a_host_beyond_ascii_are_one_source(either: Path) -> None:
    ingestd(either, "sources", "add", "http://zürich.example/ä", "--unchecked")

    again = ingestd(either, "sources", "add", "http://xn--zrich-kva.example/%c3%a4", "--unchecked", "--json").json

    assert [(row["id"], row["new"]) for row in again] == [(1, False)]


@pytest.mark.parametrize("stored", [*SPELLINGS[:4], "http://zürich.example/a"])
def test_a_source_that_was_stored_in_another_spelling_is_found_and_left(either: Path, stored: str) -> None:
    asyncio.run(_store_as_written(either, stored))
    plain = "http://xn--zrich-kva.example/a" if "ü" in stored else "http://news.example/Feed"

    again = ingestd(either, "sources", "add", plain, "--unchecked", "--json").json

    assert [(row["id"], row["new"]) for row in again] == [(1, False)]
    assert [row["url"] for row in ingestd(either, "sources", "list", "--json").json] == [without_userinfo(stored)]
    assert ingestd(either, "sources", "pause", plain).status == 0


async def _store_as_written(config: Path, url: str) -> None:
    """Store a source as versions did that kept the operator's spelling."""
    async with open_database(config) as database, database.write() as connection:
        await sources.add(connection, "http://other.example/", now=datetime.now(UTC))
        await connection.execute(update(tables.sources).values(url=url, site=site(url)))


def test_what_is_typed_for_a_source_that_exists_is_applied_and_said(papers: Papers, either: Path) -> None:
    url = feed(papers)
    ingestd(either, "sources", "add", url)

    checked = ingestd(either, "sources", "add", url, "--title", "Mine", "--interval", "30m")
    unchecked = ingestd(either, "sources", "add", url, "--title", "Ours", "--unchecked", "--json").json

    assert checked.out == f"source 1: {url} (exists already; changed: title, interval)\n"
    assert unchecked == [{"id": 1, "url": url, "new": False, "entries": None, "changed": ["title"]}]
    shown = ingestd(either, "sources", "show", "1", "--json").json
    assert (shown["title"], shown["interval"]) == ("Ours", 1800)


def test_a_source_added_again_after_its_removal_takes_title_and_interval(either: Path) -> None:
    url = "http://news.example/feed"
    ingestd(either, "sources", "add", url, "--unchecked", "--title", "Old")
    ingestd(either, "sources", "remove", url)

    ingestd(either, "sources", "add", url, "--unchecked", "--title", "New", "--interval", "30m")

    shown = ingestd(either, "sources", "show", "1", "--json").json
    assert (shown["title"], shown["interval"]) == ("New", 1800)


@pytest.mark.parametrize(
    ("name", "interval", "message"),
    [
        ("http://news.example/feed", "1s", "interval 1s is below interval_floor; use 1m or more"),
        ("http://news.example/feed", "0", "interval 0 is not above 0"),
        ("inbox:wire", "30m", "inbox:wire is an inbox, which is never polled"),
    ],
)
def test_an_interval_that_would_not_be_used_is_refused(config: Path, name: str, interval: str, message: str) -> None:
    added = ingestd(config, "sources", "add", name, "--unchecked", "--interval", interval)
    ingestd(config, "sources", "add", name, "--unchecked")
    changed = ingestd(config, "sources", "set", name, "--interval", interval)

    assert (added.status, changed.status) == (2, 2)
    assert message in added.error
    assert message in changed.error


def test_robots_of_an_inbox_are_refused(config: Path) -> None:
    ingestd(config, "sources", "add", "inbox:wire")

    done = ingestd(config, "sources", "set", "inbox:wire", "--no-robots")

    assert done.status == 2
    assert "has no robots.txt" in done.error
