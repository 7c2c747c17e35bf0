"""Feeds that the tests of commands publish."""

from tests.backfill.backfills import atom
from tests.support.desk import STORY
from tests.support.papers import Papers


def feed(papers: Papers, path: str = "/feed.xml") -> str:
    return papers.publish(path, atom(papers.url("/1")), content_type="application/atom+xml")


def rss(first: int, last: int) -> bytes:
    items = "".join(
        f"<item><link>http://paper.example/{n}</link><title>{n}</title><description>-</description>"
        f"<content:encoded>{n} {STORY} {STORY} {STORY}</content:encoded></item>"
        for n in range(last, first - 1, -1)
    )
    space = "xmlns:content='http://purl.org/rss/1.0/modules/content/'"
    return f"<rss version='2.0' {space}><channel><title>Paper</title>{items}</channel></rss>".encode()
