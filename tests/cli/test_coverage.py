"""`coverage`, `gaps` and `why` on a feed that rolled over, on both databases."""

from pathlib import Path

from tests.cli.running import ingestd
from tests.support.desk import STORY
from tests.support.papers import Papers


def rss(first: int, last: int) -> bytes:
    items = "".join(
        f"<item><link>http://paper.example/{n}</link><title>{n}</title><description>-</description>"
        f"<content:encoded>{n} {STORY} {STORY} {STORY}</content:encoded></item>"
        for n in range(last, first - 1, -1)
    )
    space = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    return f"<rss version='2.0' {space}><channel><title>Paper</title>{items}</channel></rss>".encode()


def test_a_gap_is_reported_and_accepted(papers: Papers, either: Path) -> None:
    url = papers.publish("/feed", rss(1, 3), content_type="application/rss+xml")
    ingestd(either, "sources", "add", url, "--unchecked")
    before = ingestd(either, "coverage")
    assert (before.status, before.out) == (1, f"{url}: not polled in this time\n")
    ingestd(either, "poll", "1")
    papers.publish("/feed", rss(11, 13), content_type="application/rss+xml")
    ingestd(either, "poll", "1")

    told = ingestd(either, "coverage", "1")
    [row] = ingestd(either, "coverage", "--json").json
    [gap] = ingestd(either, "gaps", "list", "--state", "open", "--json").json

    assert told.out.startswith("Paper: complete from 20")
    assert "open gap 1: 20" in told.out
    assert row["gaps"][0]["id"] == gap["id"] == 1
    assert ingestd(either, "gaps", "accept", "1", "--note", "a strike").out == "gap 1: accepted\n"
    assert "a strike" in ingestd(either, "coverage", "1").out
    assert "no open gap 1" in ingestd(either, "gaps", "repair", "1").error
    assert "is not a time" in ingestd(either, "coverage", "--since", "noon").error


def test_why_prints_the_decisions_about_an_article(papers: Papers, either: Path) -> None:
    ingestd(
        either, "sources", "add", papers.publish("/feed", rss(1, 1), content_type="application/rss+xml"), "--unchecked"
    )
    ingestd(either, "poll", "1")

    told = ingestd(either, "why", "http://PAPER.example/1?utm_source=feed").out

    assert "normalised: http://paper.example/1" in told
    assert "identity: new: record 1: no record has its address or its text" in told
    assert ingestd(either, "why", "http://paper.example/2").out == "no source has announced it\n"


def test_a_source_is_changed(papers: Papers, either: Path) -> None:
    ingestd(
        either, "sources", "add", papers.publish("/feed", rss(1, 1), content_type="application/rss+xml"), "--unchecked"
    )

    changed = ingestd(either, "sources", "set", "1", "--interval", "10m", "--robots", "--title", "Other", "--json").json

    assert (changed["interval"], changed["obeys_robots"], changed["title"]) == (600, True, "Other")
    assert ingestd(either, "sources", "show", "1", "--json").json["obeys_robots"] is True
    assert ingestd(either, "sources", "set", "1", "--interval", "auto", "--json").json["interval"] is None
    assert "nothing to change" in ingestd(either, "sources", "set", "1").error


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
