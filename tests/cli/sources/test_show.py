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


def test_warnings_are_shown_listed_and_printed_by_try(papers: Papers, config: Path) -> None:
    item = "<item><guid>1</guid><title>One</title><link>urn:x:1</link><pubDate>soon</pubDate></item>"
    body = f"<rss version='2.0'><channel><title>F</title>{item}</channel></rss>".encode()
    url = papers.publish("/feed", body, content_type="application/rss+xml")
    ingestd(config, "sources", "add", url)
    ingestd(
        config, "sources", "add", papers.publish("/whole", body.replace(b"urn:x:1", url.encode()).replace(b"soon", b""))
    )

    shown = ingestd(config, "sources", "show", "1", "--json").json["warnings"]
    listed = ingestd(config, "sources", "list", "--only", "warned", "--json").json
    tried = ingestd(config, "try", url, "--pages", "0")

    link, date = (
        "links that are no http(s) URL were dropped: urn:x:1",
        "dates that cannot be read: 1, the first 'soon'",
    )
    assert [one["text"] for one in shown] == [link, date]
    assert [(row["id"], row["warnings"]) for row in listed] == [(1, [link, date])]
    assert f"warning: {link}" in tried.error
    assert link in ingestd(config, "sources", "show", "1").out
    assert date in ingestd(config, "sources", "list", "--only", "warned").out
