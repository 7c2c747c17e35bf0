"""The library gives what the commands print."""

import asyncio
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

import ingestd
from ingestd import clean, clean_async, fetch, fetch_async, parse, parse_async
from ingestd.cli.parse import feed_as_json
from ingestd.errors import Disallowed, Forbidden, NoArticle, Refused, UnknownFormat
from ingestd.json import to_json
from tests.cli.running import ingestd as command
from tests.docs.examples import page
from tests.formats.samples import WIRE
from tests.support.newsroom import Newsroom
from tests.support.papers import Papers

DATA = Path(__file__).parents[1] / "data"
URL = "https://www.harborpost.example/story/4711/night-ferries.html"
RSS = (
    "<rss version='2.0'><channel><title>Harbour News</title><item><guid>1</guid><link>/1</link><title>Café</title>"
    "<pubDate>Wed, 24 Jun 2020 01:15:00 -0500</pubDate></item></channel></rss>"
)


def test_clean_gives_what_the_command_prints(config: Path) -> None:
    file = DATA / "ferry_semantic.html"

    article = clean(file.read_bytes(), url=URL)

    printed = command(config, "clean", str(file), "--url", URL).json
    values = json.loads(to_json(asdict(article)))
    assert {name: value for name, value in values.items() if name != "provenance"} == printed
    assert article.headline == "Island Council Calls Off Night Ferries After Collision"


@pytest.mark.parametrize("document", [RSS.encode(), *WIRE.values()], ids=["rss", *WIRE])
def test_parse_gives_what_the_command_prints(document: bytes, config: Path, tmp_path: Path) -> None:
    (tmp_path / "feed").write_bytes(document)

    feed = parse(document, url="https://paper.example/feed")

    printed = command(config, "parse", str(tmp_path / "feed"), "--url", "https://paper.example/feed").json
    assert {"file": "feed", **json.loads(json.dumps(feed_as_json(feed)))} == printed


async def test_the_async_twins_give_the_same() -> None:
    body = (DATA / "ferry_semantic.html").read_bytes()

    assert await clean_async(body, url=URL) == clean(body, url=URL)
    assert await parse_async(RSS) == parse(RSS)


def test_text_is_read_as_it_is_whatever_charset_it_declares() -> None:
    text = page("Café opens").decode().replace("<head>", "<head><meta charset='iso-8859-1'>")

    assert clean(text).headline == "Café opens"
    assert parse(f"<?xml version='1.0' encoding='iso-8859-1'?>{RSS}").entries[0].headline == "Café"


def test_a_reply_is_cleaned_and_parsed_with_its_own_address(papers: Papers, config: Path) -> None:
    story = papers.publish("/1", page("Winter ferry runs again"))
    feed = papers.publish("/feed.xml", RSS.encode(), content_type="application/rss+xml")

    [entry] = parse(fetch(feed, config=config)).entries
    article = clean(fetch(str(entry.link), config=config))

    assert entry.link == story
    assert (article.headline, article.uri) == ("Winter ferry runs again", story)


async def test_fetch_works_where_an_event_loop_runs(newsroom: Newsroom, config: Path) -> None:
    url = newsroom.publish("/", body=b"news")

    # The newsroom runs on this loop, which a synchronous fetch would block.
    assert (await asyncio.to_thread(fetch, url, config=config)).body == b"news"
    assert (await fetch_async(url, config=config)).body == b"news"
    assert [request.path for request in newsroom.requests] == ["/robots.txt", "/", "/"]  # robots.txt is remembered


def test_fetch_works_in_a_running_loop(papers: Papers, config: Path) -> None:
    url = papers.publish("/", b"news")

    async def cell_of_a_notebook() -> bytes:
        return fetch(url, config=config).body

    assert asyncio.run(cell_of_a_notebook()) == b"news"


async def test_cancelling_ends_the_request_and_no_other_one(newsroom: Newsroom, config: Path) -> None:
    newsroom.publish("/robots.txt", status=404)
    slow, go = newsroom.publish("/slow", body=b"late", when=asyncio.Event()), newsroom.publish("/go", body=b"news")
    fetching = asyncio.create_task(fetch_async(slow, config=config))
    while not any(request.path == "/slow" for request in newsroom.requests):
        newsroom.asked.clear()
        await asyncio.wait_for(newsroom.asked.wait(), 60)
    fetching.cancel()

    with pytest.raises(asyncio.CancelledError):
        await fetching

    assert (await fetch_async(go, config=config)).body == b"news"


async def test_robots_txt_is_obeyed_unless_told_otherwise(newsroom: Newsroom, config: Path) -> None:
    newsroom.publish("/robots.txt", body=b"User-agent: *\nDisallow: /", content_type="text/plain")
    url = newsroom.publish("/feed", body=b"feed")

    with pytest.raises(Disallowed):
        await fetch_async(url, config=config)

    assert (await fetch_async(url, obey_robots=False, config=config)).body == b"feed"


def test_failures_are_the_errors_of_ingestd(papers: Papers, config: Path, tmp_path: Path) -> None:
    (tmp_path / "guarded.toml").write_text(f"state_dir = '{tmp_path}/state'\n")

    with pytest.raises(Refused, match="404"):
        fetch(papers.url("/missing"), config=config)
    with pytest.raises(Forbidden):
        fetch(papers.url("/"), config=tmp_path / "guarded.toml")
    with pytest.raises(NoArticle):
        clean(b"<html></html>")
    with pytest.raises(UnknownFormat):
        parse("<html></html>")


def test_importing_the_package_imports_nothing_else() -> None:
    code = (
        "import sys; before = set(sys.modules); import ingestd; print(sorted(set(sys.modules) - before - {'ingestd'}))"
    )
    done = subprocess.run([sys.executable, "-S", "-c", f"import typing, importlib; {code}"], cwd=DATA.parents[1],
                          capture_output=True, text=True, timeout=60, check=True)  # fmt: skip

    assert done.stdout.strip() == "[]"


def test_every_name_that_is_announced_exists() -> None:
    assert set(ingestd.__all__) <= set(dir(ingestd))
    assert all(getattr(ingestd, name) for name in ingestd.__all__)
    with pytest.raises(AttributeError):
        _ = ingestd.scrape


def test_a_script_ends_with_its_connections_closed(papers: Papers, config: Path) -> None:
    url = papers.publish("/1", page("Winter ferry runs again"))
    script = f"from ingestd import clean, fetch\nprint(clean(fetch({url!r}, config={str(config)!r})).headline)"

    done = subprocess.run([sys.executable, "-W", "error", "-X", "dev", "-c", script], capture_output=True, text=True,
                          timeout=120, check=False)  # fmt: skip

    assert (done.stdout, done.stderr, done.returncode) == ("Winter ferry runs again\n", "", 0)
