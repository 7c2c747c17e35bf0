import json
from pathlib import Path

import pytest

from tests.backfill.backfills import atom, page
from tests.cli.running import ingestd
from tests.support.agency import ninjs
from tests.support.papers import Papers


def test_try_prints_the_result_and_stores_nothing(papers: Papers, config: Path, tmp_path: Path) -> None:
    link = papers.publish("/1", page("Ferry", 1))
    feed = papers.publish("/feed.xml", atom(link, papers.url("/missing")))

    done = ingestd(config, "try", feed, "--json")

    assert done.status == 0
    assert [entry["link"] for entry in done.json["entries"]] == [link, papers.url("/missing")]
    assert done.json["articles"][0]["headline"] == "Ferry"
    assert done.json["articles"][1]["error"] == "Refused"
    assert "HTTP 404" in done.error
    assert not list((tmp_path / "state").glob("*.db"))


@pytest.mark.parametrize("scheme", ["feed://", "feed:http://", "FEED:HTTP://", "", " "])
@pytest.mark.parametrize("fragment", ["", "#x"])
def test_try_reads_what_sources_add_reads(papers: Papers, config: Path, scheme: str, fragment: str) -> None:
    url = papers.publish("/feed.xml", atom(papers.url("/1")))
    bare = url.removeprefix("http://").replace("127.0.0.1", "LOCALHOST")

    tried = ingestd(config, "try", f"{scheme}{bare}{fragment}", "--pages", "0", "--json")

    assert tried.status == 0
    assert len(tried.json["entries"]) == 1


def test_the_table_shows_the_same(papers: Papers, config: Path) -> None:
    feed = papers.publish("/feed.xml", atom(papers.publish("/1", page("Ferry", 1))))

    assert "F: atom" in ingestd(config, "try", feed, "--pages", "1").out


def test_a_page_that_is_not_a_feed_is_reported(papers: Papers, config: Path) -> None:
    done = ingestd(config, "try", papers.publish("/page", b"<html></html>"))

    assert done.status == 1
    assert "not a feed, a sitemap or a wire item" in done.error


def test_a_wire_item_needs_no_page(papers: Papers, config: Path) -> None:
    wire = papers.publish("/wire", json.dumps(ninjs()).encode())

    done = ingestd(config, "try", wire, "--json")

    assert (done.status, done.error) == (0, "")
    assert [article["body_text"] for article in done.json["articles"]] == ["The mayor opens version 1 of the ferry."]


EMPTY = b'<rss version="2.0"><channel><title>F</title><item><title>Bare</title></item><item></item></channel></rss>'


def test_an_entry_without_link_and_content_is_named_by_its_place(papers: Papers, config: Path) -> None:
    feed = papers.publish("/feed.xml", EMPTY)

    done = ingestd(config, "try", feed)

    assert done.status == 0
    assert done.error.splitlines() == [f"{feed}: entry {n} has no link and no content; skipped" for n in (1, 2)]
    assert "None" not in done.out


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<rss version='2.0'><channel><title>F</title></chanel></rss>", "line 1: mismatched tag"),
        (b"<rss version='2.0'>\n<channel><title>F", "line 2: no element found"),
        (b"<rss version='2.0'><channel><itme>a</itme", "line 1: unclosed token"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'><title>F</tile></feed>", "line 1: mismatched tag"),
        (b"<?xml version='1.0'?>\n<rss version='2.0'>\n<channel></rss>", "line 3: mismatched tag"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<rss version='2.0'>\n\n<channel></rss>", "line 4: mismatched tag"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "items": [}', "invalid JSON"),
        (b"", "empty body"),
        (b"not a feed", "not a feed, a sitemap or a wire item"),
        (b"<html><p>Hello</html>", "not a feed, a sitemap or a wire item"),
    ],
)
@pytest.mark.parametrize("command", [("try",), ("sources", "add"), ("backfill", "sitemap")], ids=" ".join)
def test_a_feed_with_a_typo_is_named_with_the_place_of_the_fault(
    papers: Papers, config: Path, command: tuple[str, ...], body: bytes, message: str
) -> None:
    url = papers.publish("/typo.xml", body)

    done = ingestd(config, *command, url)

    line = next(line for line in done.error.splitlines() if url in line)
    assert done.status == 1
    assert message in line or line == f"{url} is not a feed and names none"
    assert "unknown" not in line


def test_a_table_has_no_python(papers: Papers, config: Path) -> None:
    feed = papers.publish("/feed.xml", atom(papers.publish("/1", page("Ferry", 1))))

    shown = ingestd(config, "try", feed).out

    assert "{'" not in shown
    assert "provenance\theadline: " in shown


def test_a_text_by_reference_is_fetched(papers: Papers, config: Path) -> None:
    text = papers.publish("/7.nitf", b"<nitf><body><body.content><p>The ferry runs.</p></body.content></body></nitf>")
    item = {"altids": {"itemid": "7"}, "type": "text", "headline": "Ferry", "renditions": {"nitf": {"href": text}}}
    listed = papers.publish("/list", json.dumps({"data": {"items": [{"item": item}]}}).encode())

    done = ingestd(config, "try", listed, "--json")

    assert [(one["headline"], one["body_text"]) for one in done.json["articles"]] == [("Ferry", "The ferry runs.")]
