"""A feed with a gap: its window went from entries 1..3 to 8..10 between two polls."""

from collections.abc import Iterable
from datetime import datetime

from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls import gaps
from ingestd.times import iso
from tests.support.desk import STORY, add, page, poll_all
from tests.support.newsroom import Newsroom


def publish(newsroom: Newsroom, numbers: Iterable[int], folder: str = "news") -> None:
    for number in numbers:
        body = page(f"Story {number}", f"{folder} {number} {STORY}")
        newsroom.publish(f"/{folder}/{number}", body=body, content_type="text/html")


def atom(
    newsroom: Newsroom,
    numbers: Iterable[int],
    *,
    older: str = "",
    home: str = "",
    folder: str = "news",
    at: datetime | None = None,
) -> bytes:
    """Return a feed of stories, highest number first, all dated `at`."""
    stamp = f"<updated>{iso(at)}</updated>" if at else ""
    entries = "".join(
        f"<entry><id>tag:{folder}:{n}</id><title>{n}</title>{stamp}"
        f"<link href='{newsroom.url(f'/{folder}/{n}')}'/></entry>"
        for n in sorted(numbers, reverse=True)
    )
    links = f"<link rel='next' href='{older}'/>" if older else ""
    links += f"<link rel='alternate' type='text/html' href='{home}'/>" if home else ""
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><id>f</id>{links}{entries}</feed>".encode()


async def rolled_over(newsroom: Newsroom, runtime: Runtime, *, older: str = "", home: str = "") -> Service:
    publish(newsroom, range(1, 11))
    await add(runtime, newsroom.publish("/feed", body=atom(newsroom, range(1, 4), home=home)))
    await poll_all(runtime)
    newsroom.publish("/feed", body=atom(newsroom, range(8, 11), older=older, home=home))
    await poll_all(runtime)
    newsroom.requests.clear()
    return Service(runtime, max_polls=1, max_pages=4, per_site=4)


async def the_gap(runtime: Runtime, url: str | None = None) -> dict[str, object]:
    """Return the only gap, or the only one of a source."""
    async with runtime.database.read() as connection:
        [gap] = [gap for gap in await gaps.list_all(connection) if url in (None, gap["source_url"])]
    return gap


def asked(newsroom: Newsroom) -> list[str]:
    return [request.path for request in newsroom.requests]
