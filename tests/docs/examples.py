"""The commands that the documentation shows, and the newsroom on which tests run them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from tests.support.papers import Papers

ROOT = Path(__file__).parents[2]

#: Pages with examples, by name; those that only list commands or settings have none.
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
    for path in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
}

#: Stands for the host of the examples; the publisher on the loopback is put in its place.
HOST = "https://news.example"

STORY = (
    "The ferry between the two islands will run again from Monday, the harbour master said, after a winter in which "
    "its engine was taken apart twice and put together three times by people who had read about it."
)


def blocks(page: str) -> Iterator[list[str]]:
    """Yield the commands of each console block of a page, without their prompts."""
    for block in re.findall(r"```console\n(.*?)```", PAGES[page], re.DOTALL):
        yield [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]


def commands(page: str) -> list[str]:
    """Return all commands of a page, in order."""
    return [line for block in blocks(page) for line in block]


def of_ingestd(page: str) -> list[list[str]]:
    """Return the arguments of every ingestd command of a page, in order."""
    words = [shlex.split(line) for line in commands(page)]
    return [rest for name, *rest in words if name in ("ingestd", "ingestd-admin")]


def publish(papers: Papers) -> None:
    """Publish what the examples name: a feed, a page that names it, a story, a sitemap."""
    story = papers.publish("/stories/1", page("Winter ferry runs again"))
    entry = f"<entry><id>tag:1</id><title>Winter ferry runs again</title><link href='{story}'/><updated>2026-11-24T12:00:00Z</updated></entry>"  # noqa: E501
    feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>News Example</title><id>tag:feed</id>{entry}</feed>"
    papers.publish("/feed.xml", feed.encode(), content_type="application/atom+xml")
    link = b"<link rel='alternate' type='application/atom+xml' href='/feed.xml'>"
    papers.publish("/", b"<html><head><title>News</title>" + link + b"</head><body>News</body></html>")
    sitemap = f"<urlset><url><loc>{story}</loc><lastmod>2024-03-01</lastmod></url></urlset>"
    papers.publish("/sitemap.xml", sitemap.encode(), content_type="application/xml")


def page(headline: str) -> bytes:
    """Return an article page."""
    head = f"<html lang=en><head><title>{headline}</title></head>"
    return f"{head}<body><article><h1>{headline}</h1><p>{STORY}</p></article></body></html>".encode()


def lay_out(folder: Path, papers: Papers) -> None:
    """Write the files that the examples read into a folder."""
    (folder / "deploy").symlink_to(ROOT / "deploy")
    for place in ("saved", "wire", "spool"):
        (folder / place).mkdir()
    (folder / "page.html").write_bytes(page("Winter ferry runs again"))
    (folder / "saved" / "1.html").write_bytes(page("Bridge closes at dusk"))
    (folder / "urls.txt").write_text(papers.url("/stories/1") + "\n")
    item = (ROOT / "tests" / "data" / "wire" / "ninjs_3.json").read_bytes()
    for name in ("wire/item.json", "story.xml"):
        (folder / name).write_bytes(item)
    (folder / "feed.xml").write_bytes(
        b"<rss version='2.0'><channel><title>N</title><item><guid>1</guid></item></channel></rss>"
    )
    outline = f"<outline type='rss' text='News' xmlUrl='{papers.url('/feed.xml')}'/>"
    (folder / "sources.opml").write_text(f"<opml version='2.0'><head/><body>{outline}</body></opml>")
