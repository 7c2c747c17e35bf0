"""Gaps closed by paging and by sitemaps, on both databases."""

from datetime import UTC, datetime

from ingestd.daemon.parts import Parts
from ingestd.daemon.service import Service
from ingestd.repair import TRIES
from ingestd.store import gaps
from ingestd.times import iso
from tests.desk import STORY, add, page, poll_all
from tests.newsroom import Newsroom


def publish(newsroom: Newsroom, numbers: range) -> None:
    for number in numbers:
        newsroom.publish(f"/news/{number}", body=page(f"Story {number}", f"{number} {STORY}"), content_type="text/html")


def atom(newsroom: Newsroom, first: int, last: int, *, older: str = "") -> bytes:
    entries = "".join(
        f"<entry><id>tag:{n}</id><title>{n}</title><link href='{newsroom.url(f'/news/{n}')}'/></entry>"
        for n in range(last, first - 1, -1)
    )
    link = f"<link rel='next' href='{older}'/>" if older else ""
    return f"<feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><id>f</id>{link}{entries}</feed>".encode()


async def the_gap(parts: Parts) -> dict[str, object]:
    async with parts.database.read() as connection:
        [gap] = await gaps.listed(connection)
    return gap


async def rolled_over(newsroom: Newsroom, parts: Parts, *, older: str = "") -> Service:
    """A feed whose window went from 1..3 to 8..10 between two polls."""
    publish(newsroom, range(1, 11))
    await add(parts, newsroom.publish("/feed", body=atom(newsroom, 1, 3)))
    await poll_all(parts)
    newsroom.publish("/feed", body=atom(newsroom, 8, 10, older=older))
    await poll_all(parts)
    return Service(parts, max_polls=1, max_pages=4, per_site=4)


async def test_a_gap_is_repaired_from_older_pages(newsroom: Newsroom, parts: Parts) -> None:
    newsroom.publish("/page2", body=atom(newsroom, 5, 7, older="/page3"))
    newsroom.publish("/page3", body=atom(newsroom, 2, 4, older="/page4"))
    service = await rolled_over(newsroom, parts, older="/page2")

    found = await service.repair.run()
    await service.run_dry()

    gap = await the_gap(parts)
    assert (found, gap["state"], gap["found"]) == (4, "repaired", 4)
    assert "known entries" in str(gap["note"])
    assert "/page4" not in {request.path for request in newsroom.requests}
    assert (await poll_all(parts))["records"] == 10


async def test_a_gap_is_repaired_from_the_sitemap_with_what_is_of_its_time_and_section(
    newsroom: Newsroom, parts: Parts
) -> None:
    newsroom.publish("/robots.txt", body=f"Sitemap: {newsroom.url('/map.xml')}".encode(), content_type="text/plain")
    service = await rolled_over(newsroom, parts)
    gap = await the_gap(parts)
    within, before = iso(gap["from_at"]), "2020-01-01T00:00:00Z"  # type: ignore[arg-type]
    pages = [(f"/news/{number}", within) for number in range(3, 9)] + [("/sports/1", within), ("/news/old", before)]
    urls = "".join(f"<url><loc>{newsroom.url(path)}</loc><lastmod>{at}</lastmod></url>" for path, at in pages)
    body = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>".encode()
    newsroom.publish("/map.xml", body=body)

    found = await service.repair.run()

    gap = await the_gap(parts)
    assert (found, gap["state"], gap["found"]) == (4, "repaired", 4)
    await service.run_dry()
    assert (await poll_all(parts))["records"] == 10


async def test_a_gap_that_cannot_be_repaired_stays_open_until_it_is_accepted(newsroom: Newsroom, parts: Parts) -> None:
    service = await rolled_over(newsroom, parts)
    for _ in range(len(TRIES) + 2):
        await service.repair.run()
        async with parts.database.write() as connection:
            await connection.execute(gaps.gaps.update().where(gaps.gaps.c.due_at.is_not(None)).values(
                due_at=datetime(2026, 1, 1, tzinfo=UTC)))  # fmt: skip

    gap = await the_gap(parts)
    assert (gap["state"], gap["attempts"], gap["due_at"]) == ("open", len(TRIES) + 1, None)
    assert gap["note"] == "the feed names no older entries; robots.txt names no sitemap"
    async with parts.database.write() as connection:
        await gaps.settle(connection, int(str(gap["id"])), accepted=True, note="holiday", now=datetime.now(UTC))
    assert (await the_gap(parts))["state"] == "accepted"


async def test_a_repair_is_tried_again_only_when_it_is_due(newsroom: Newsroom, parts: Parts) -> None:
    service = await rolled_over(newsroom, parts)
    await service.repair.run()
    await service.repair.run()

    assert (await the_gap(parts))["attempts"] == 1
