from pathlib import Path

from tests.cli.feeds import feed
from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_a_source_is_paused_resumed_and_removed(papers: Papers, config: Path) -> None:
    url = feed(papers)
    ingestd(config, "sources", "add", url)

    states = [ingestd(config, "sources", verb, url, "--json").json["state"] for verb in ("pause", "resume", "remove")]

    assert states == ["paused", "active", "removed"]
    assert ingestd(config, "sources", "show", "1").status == 2
    assert ingestd(config, "sources", "add", url, "--unchecked", "--json").json[0]["new"] is True
