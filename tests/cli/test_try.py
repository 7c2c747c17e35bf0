import json
from pathlib import Path

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
