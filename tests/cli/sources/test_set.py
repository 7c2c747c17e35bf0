from pathlib import Path

from tests.cli.feeds import rss
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_a_source_is_changed(papers: Papers, either: Path) -> None:
    ingestd(
        either, "sources", "add", papers.publish("/feed", rss(1, 1), content_type="application/rss+xml"), "--unchecked"
    )

    changed = ingestd(either, "sources", "set", "1", "--interval", "10m", "--robots", "--title", "Other", "--json").json

    assert (changed["interval"], changed["obeys_robots"], changed["title"]) == (600, True, "Other")
    assert ingestd(either, "sources", "show", "1", "--json").json["obeys_robots"] is True
    assert ingestd(either, "sources", "set", "1", "--interval", "auto", "--json").json["interval"] is None
    assert "nothing to change" in ingestd(either, "sources", "set", "1").error
