from pathlib import Path

from tests.cli.feeds import rss
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_why_prints_the_decisions_about_an_article(papers: Papers, either: Path) -> None:
    ingestd(
        either, "sources", "add", papers.publish("/feed", rss(1, 1), content_type="application/rss+xml"), "--unchecked"
    )
    ingestd(either, "poll", "1")

    printed = ingestd(either, "why", "http://PAPER.example/1?utm_source=feed").out

    assert "normalised: http://paper.example/1" in printed
    assert "identity: new: record 1: no record has its address or its text" in printed
    assert ingestd(either, "why", "http://paper.example/2").out == "no source has announced it\n"
