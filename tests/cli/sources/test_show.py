import json
from pathlib import Path

from tests.cli.running import ingestd
from tests.support.papers import Papers


def test_the_hub_of_a_feed_is_shown_without_its_secrets(papers: Papers, config: Path) -> None:
    body = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "content_text": "x"}],
            "hubs": [{"type": "WebSub", "url": "https://hub.example/"}]}  # fmt: skip
    url = papers.publish("/feed", json.dumps(body).encode(), content_type="application/feed+json")
    ingestd(config, "sources", "add", url)

    hub = ingestd(config, "sources", "show", "1", "--json").json["hub"]

    assert (hub["hub"], hub["topic"], hub["state"], hub["pushes"]) == ("https://hub.example/", url, "asked", 0)
    assert {"token", "secret"}.isdisjoint(hub)
    assert "https://hub.example/" in ingestd(config, "sources", "show", "1").out
