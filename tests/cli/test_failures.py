from pathlib import Path

from tests.backfill.backfills import atom, page
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_failures_are_listed_and_retried(papers: Papers, either: Path) -> None:
    link = papers.url("/1")
    ingestd(either, "sources", "add", papers.publish("/feed.xml", atom(link)), "--unchecked")
    ingestd(either, "poll")

    [failure] = ingestd(either, "failures", "list", "--json").json
    [quarantined] = ingestd(either, "failures", "list", "--quarantined", "--json").json
    assert ingestd(either, "failures", "list", "--given-up", "--json").json == [quarantined]  # the former name
    papers.publish("/1", page("Ferry", 1))
    retried = ingestd(either, "failures", "retry", quarantined["id"])

    assert (failure["stage"], failure["error"], failure["status"], failure["url"]) == ("fetch", "Refused", 404, link)
    assert retried.out == "1 entries are due again\n"
    assert ingestd(either, "poll", "--json").json["records"] == 1
    assert "HTTP 404" in ingestd(either, "failures", "list").out


def test_nothing_to_retry_has_a_status(config: Path) -> None:
    assert ingestd(config, "failures", "retry", "--json").json == {"due": 0}
    assert ingestd(config, "failures", "retry", "7").status == 1


def test_an_entry_says_why_though_another_source_listed_the_failed_page(papers: Papers, either: Path) -> None:
    link = papers.url("/1")
    for feed in ("/a.xml", "/b.xml"):
        ingestd(either, "sources", "add", papers.publish(feed, atom(link)), "--unchecked")
    ingestd(either, "poll")

    listed = ingestd(either, "failures", "list", "--json").json
    quarantined = ingestd(either, "failures", "list", "--quarantined", "--json").json
    attempts = papers.requests.count("/1")

    assert {row["source_url"] for row in listed} == {papers.url("/a.xml"), papers.url("/b.xml")}
    assert [(row["error"], row["status"]) for row in quarantined] == [("Refused", 404)] * 2
    assert attempts == 1


def test_a_retry_by_source_brings_the_page_for_all_sources(papers: Papers, either: Path) -> None:
    link, other = papers.url("/1"), papers.url("/2")
    ingestd(either, "sources", "add", papers.publish("/a.xml", atom(link)), "--unchecked")
    ingestd(either, "sources", "add", papers.publish("/b.xml", atom(link)), "--unchecked")
    ingestd(either, "sources", "add", papers.publish("/c.xml", atom(other)), "--unchecked")
    ingestd(either, "poll")
    papers.publish("/1", page("Ferry", 1))

    retried = ingestd(either, "failures", "retry", "--source", "2")
    ingestd(either, "poll")

    assert retried.out == "2 entries are due again\n"
    [left] = ingestd(either, "failures", "list", "--quarantined", "--json").json
    assert left["url"] == other
    assert ingestd(either, "failures", "retry", "--source", "9").status == 2
