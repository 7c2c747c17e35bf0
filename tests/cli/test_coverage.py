from pathlib import Path

from tests.cli.feeds import rss
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_a_gap_is_reported_and_accepted(papers: Papers, either: Path) -> None:
    url = papers.publish("/feed", rss(1, 3), content_type="application/rss+xml")
    ingestd(either, "sources", "add", url, "--unchecked")
    before = ingestd(either, "coverage")
    assert (before.status, before.out) == (1, f"{url}: not polled in this time\n")
    ingestd(either, "poll", "1")
    papers.publish("/feed", rss(11, 13), content_type="application/rss+xml")
    ingestd(either, "poll", "1")

    report = ingestd(either, "coverage", "1")
    [row] = ingestd(either, "coverage", "--json").json
    [gap] = ingestd(either, "gaps", "list", "--state", "open", "--json").json

    assert report.out.startswith("Paper: complete from 20")
    assert "open gap 1: 20" in report.out
    assert row["gaps"][0]["id"] == gap["id"] == 1
    assert ingestd(either, "gaps", "accept", "1", "--note", "a strike").out == "gap 1: accepted\n"
    assert "a strike" in ingestd(either, "coverage", "1").out
    assert "no open gap 1" in ingestd(either, "gaps", "repair", "1").error
    assert "is not a time" in ingestd(either, "coverage", "--since", "noon").error


def test_time_without_polls_is_not_complete(papers: Papers, either: Path) -> None:
    ingestd(
        either, "sources", "add", papers.publish("/feed", rss(1, 3), content_type="application/rss+xml"), "--unchecked"
    )
    ingestd(either, "poll", "1")
    [row] = ingestd(either, "coverage", "--json").json
    since, until = row["complete_from"], row["complete_until"]

    assert row["whole"] is True
    assert ingestd(either, "coverage", "--since", since).status == 0
    early = ingestd(either, "coverage", "--since", "2020-01-01")
    late = ingestd(either, "coverage", "--since", since, "--until", "2100-01-01T09:00:00+09:00")
    assert (early.status, late.status) == (1, 1)
    assert early.out.endswith(f"\nnot polled: 2020-01-01T00:00:00Z to {since}\n")
    assert late.out.endswith(f"\nnot polled yet: {until} to 2100-01-01T00:00:00Z\n")
    assert ingestd(either, "coverage", "--since", "2020-01-01", "--json").json[0]["whole"] is False


def test_usage_errors_name_what_is_wrong(papers: Papers, either: Path) -> None:
    (either.parent / "urls.txt").write_text("")
    ingestd(either, "backfill", "urls", either.parent / "urls.txt")

    backwards = ingestd(either, "coverage", "--since", "2026-01-31T17:00:00Z", "--until", "2026-01-31T17:00:00+01:00")
    listed = ingestd(either, "coverage", "1")

    assert (backwards.status, listed.status) == (2, 2)
    assert "nothing lies between" in backwards.error
    assert "source 1 is not polled" in listed.error
