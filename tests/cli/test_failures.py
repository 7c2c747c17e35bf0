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
