"""Repair of gaps from a feed's archive and from sitemaps, and the order of the methods, on both databases."""

import importlib
import pkgutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest

from ingestd import repair
from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.repair.job import METHODS, RETRY_DELAYS
from ingestd.store.polls import gaps, sources
from ingestd.times import iso
from tests.repair.rolling import asked, atom, rolled_over, the_gap
from tests.support.desk import poll_all
from tests.support.newsroom import Newsroom

# Modules that are not repair methods.
HELPERS = {"job", "method"}


def test_every_method_is_in_the_table() -> None:
    modules = {module.name for module in pkgutil.iter_modules(repair.__path__)} - HELPERS
    offered = {name: vars(importlib.import_module(f"ingestd.repair.{name}")) for name in modules}

    methods = {name: [found[key] for key in found if key.startswith("repair_from_")] for name, found in offered.items()}
    assert all(len(found) == 1 for found in methods.values()), methods
    assert {method for [method] in methods.values()} == {*METHODS}


async def test_a_gap_is_repaired_from_older_pages(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/page2", body=atom(newsroom, range(5, 8), older="/page3"))
    newsroom.publish("/page3", body=atom(newsroom, range(2, 5), older="/page4"))
    service = await rolled_over(newsroom, runtime, older="/page2")

    found = await service.repair.run()
    await service.run_until_idle()

    gap = await the_gap(runtime)
    assert (found, gap["state"], gap["found"]) == (4, "repaired", 4)
    assert "known entries" in str(gap["note"])
    assert "/page4" not in {request.path for request in newsroom.requests}
    assert (await poll_all(runtime))["records"] == 10


async def test_a_gap_is_repaired_from_the_sitemap_with_pages_of_its_time_and_section(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    newsroom.publish("/robots.txt", body=f"Sitemap: {newsroom.url('/map.xml')}".encode(), content_type="text/plain")
    service = await rolled_over(newsroom, runtime)
    gap = await the_gap(runtime)
    within, before = iso(gap["from_at"]), "2020-01-01T00:00:00Z"  # type: ignore[arg-type]
    pages = [(f"/news/{number}", within) for number in range(1, 11)] + [("/sports/1", within), ("/news/old", before)]
    urls = "".join(f"<url><loc>{newsroom.url(path)}</loc><lastmod>{at}</lastmod></url>" for path, at in pages)
    body = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>".encode()
    newsroom.publish("/map.xml", body=body)

    found = await service.repair.run()

    gap = await the_gap(runtime)
    assert (found, gap["state"], gap["found"]) == (4, "repaired", 4)
    await service.run_until_idle()
    assert (await poll_all(runtime))["records"] == 10


@pytest.mark.parametrize(
    ("numbers", "undated"),
    [
        pytest.param(range(3, 11), False, id="does-not-have-all-of-before"),
        pytest.param(range(1, 11), True, id="does-not-say-when"),
        pytest.param((), False, id="has-other-pages"),
    ],
)
async def test_an_incomplete_sitemap_closes_no_gap(
    newsroom: Newsroom, runtime: Runtime, numbers: Iterable[int], undated: bool
) -> None:
    newsroom.publish("/robots.txt", body=f"Sitemap: {newsroom.url('/map.xml')}".encode(), content_type="text/plain")
    service = await rolled_over(newsroom, runtime)
    within = iso((await the_gap(runtime))["from_at"])  # type: ignore[arg-type]
    dated = [(f"/news/{number}", f"<lastmod>{within}</lastmod>") for number in numbers]
    pages = [*dated, ("/about", "<lastmod>2020-01-01</lastmod>"), *([("/news/11", "")] if undated else [])]
    urls = "".join(f"<url><loc>{newsroom.url(path)}</loc>{at}</url>" for path, at in pages)
    body = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>".encode()
    newsroom.publish("/map.xml", body=body)

    await service.repair.run()

    assert (await the_gap(runtime))["state"] == "open"


@pytest.mark.parametrize("older", [range(5, 8), ()], ids=["ends-too-soon", "is-empty"])
async def test_older_pages_without_known_entries_close_no_gap(
    newsroom: Newsroom, runtime: Runtime, older: Iterable[int]
) -> None:
    newsroom.publish("/page2", body=atom(newsroom, older))
    service = await rolled_over(newsroom, runtime, older="/page2")

    assert await service.repair.run() == len([*older])
    assert (await the_gap(runtime))["state"] == "open"


async def test_older_pages_of_another_origin_obey_robots_txt(newsroom: Newsroom, runtime: Runtime) -> None:
    newsroom.publish("/robots.txt", body=b"User-agent: *\nDisallow: /page2", content_type="text/plain")
    elsewhere = newsroom.url("/page2").replace("127.0.0.1", "127.0.0.2")
    service = await rolled_over(newsroom, runtime, older=elsewhere)

    await service.repair.run()

    assert "/page2" not in asked(newsroom)


async def test_a_site_on_hold_does_not_count_as_an_attempt(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await rolled_over(newsroom, runtime, older="/page2")
    newsroom.publish("/page2", status=429, Retry_After="3600")
    await service.repair.run()
    before = (await the_gap(runtime))["attempts"]
    async with runtime.database.write() as connection:
        await connection.execute(gaps.gaps.update().values(due_at=datetime(2026, 1, 1, tzinfo=UTC)))

    await Service(runtime, max_polls=1, max_pages=1, per_site=1).repair.run()

    gap = await the_gap(runtime)
    assert (gap["attempts"], gap["state"]) == (before, "open")
    assert asked(newsroom).count("/page2") == 1


async def test_a_gap_is_claimed_while_it_is_repaired(newsroom: Newsroom, runtime: Runtime) -> None:
    await rolled_over(newsroom, runtime)
    now = datetime.now(UTC)
    async with runtime.database.write() as connection:
        first = await gaps.claim_due(connection, now=now, retry_at=now + timedelta(minutes=1), limit=5)
        second = await gaps.claim_due(connection, now=now, retry_at=now + timedelta(minutes=1), limit=5)

    assert (len(first), second) == (1, [])


async def test_a_gap_that_cannot_be_repaired_stays_open_until_it_is_accepted(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    service = await rolled_over(newsroom, runtime)
    for _ in range(len(RETRY_DELAYS) + 2):
        await service.repair.run()
        async with runtime.database.write() as connection:
            await connection.execute(gaps.gaps.update().where(gaps.gaps.c.due_at.is_not(None)).values(
                due_at=datetime(2026, 1, 1, tzinfo=UTC)))  # fmt: skip

    gap = await the_gap(runtime)
    assert (gap["state"], gap["attempts"], gap["due_at"]) == ("open", len(RETRY_DELAYS) + 1, None)
    for reason in ("the feed names no older entries", "robots.txt names no sitemap", "its pages name no other feed"):
        assert reason in str(gap["note"])
    async with runtime.database.write() as connection:
        await gaps.accept_or_retry(
            connection, int(str(gap["id"])), accepted=True, note="holiday", now=datetime.now(UTC)
        )
    assert (await the_gap(runtime))["state"] == "accepted"


async def test_a_repair_is_retried_only_when_it_is_due(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await rolled_over(newsroom, runtime)
    await service.repair.run()
    await service.repair.run()

    assert (await the_gap(runtime))["attempts"] == 1


async def test_a_method_that_fails_is_followed_by_the_next(newsroom: Newsroom, runtime: Runtime) -> None:
    home = newsroom.publish("/", body=b"<link rel=feed href=/all>", content_type="text/html")
    newsroom.publish("/all", body=atom(newsroom, range(1, 11)))
    newsroom.publish("/robots.txt", body=f"Sitemap: {newsroom.url('/map')}".encode(), content_type="text/plain")
    newsroom.publish("/map", body=b"no sitemap")
    service = await rolled_over(newsroom, runtime, older=newsroom.url("/missing"), home=home)
    found = await service.repair.run()

    gap = await the_gap(runtime)
    assert (found, gap["state"]) == (4, "repaired")
    assert "/missing: HTTP 404" in str(gap["note"])


async def test_a_gap_of_a_removed_source_is_skipped_and_delays_no_other(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await rolled_over(newsroom, runtime)
    async with runtime.database.write() as connection:
        await sources.set_state(connection, 1, "removed", now=datetime.now(UTC))

    assert await service.repair.run() == 0
    assert (await the_gap(runtime))["attempts"] == 0
    assert newsroom.requests == []
