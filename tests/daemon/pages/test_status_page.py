from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from math import inf

import pytest
from sqlalchemy import update

from ingestd.daemon.health import Health
from ingestd.daemon.pages.rendering import LATEST_ROWS, SOURCE_ROWS
from ingestd.daemon.pages.status_page import StatusPage
from ingestd.daemon.service import Service
from ingestd.pipeline.stories.placer import Placer
from ingestd.store.consumers import consumers
from ingestd.store.schema import tables
from tests.daemon.services import Hung, add_source, hang
from tests.support.newsroom import Newsroom
from tests.support.stories import cut, publish, report

RSS = """<rss version="2.0"><channel><title>Harbour Wire</title>
<item><guid>bridge</guid><link>{link}</link><title>Bridge reopens after repairs</title></item></channel></rss>"""

STORY = b"""<!doctype html><html lang="en"><title>Bridge reopens after repairs</title><article>
<h1>Bridge reopens after repairs</h1>
<p>The harbour bridge reopened on Wednesday after nine weeks of repairs, the port authority said. Lorries of more
than forty tonnes must still take the northern tunnel until the end of the month.</p>
<p>Engineers replaced two of the six bearings that had cracked during the winter storms in January.</p>
</article></html>"""


@pytest.fixture
async def page(service: Service) -> AsyncIterator[StatusPage]:
    health = Health(service)
    page = StatusPage(health)
    yield page
    await page.close()
    await health.close()


async def test_the_page_shows_polls_records_and_failures(
    service: Service, page: StatusPage, newsroom: Newsroom
) -> None:
    story = newsroom.publish("/bridge", body=STORY, content_type="text/html")
    await add_source(service, newsroom.publish("/good.xml", body=RSS.format(link=story).encode()))
    await add_source(service, newsroom.publish("/bad.xml", status=500), title="Broken Paper")
    await service.run_until_idle()

    shown = await page.render()

    assert f'<a href="{story}" rel="noopener noreferrer">Bridge reopens after repairs</a>' in shown
    assert "Harbour Wire" in shown
    assert "Refused: HTTP 500" in shown
    assert shown.index("Broken Paper") < shown.index("Harbour Wire")  # what fails comes first
    assert "<dt>records</dt><dd>1</dd>" in shown


async def test_the_list_of_sources_is_limited_and_has_no_removed_ones(service: Service, page: StatusPage) -> None:
    for number in range(SOURCE_ROWS + 3):
        await add_source(service, f"https://paper{number}.example/feed", state="removed" if number == 0 else "active")

    shown = await page.render()

    assert shown.count(".example/feed") == SOURCE_ROWS
    assert "and 2 more:" in shown


async def test_counts_that_took_long_are_kept_and_shown_with_their_time(service: Service, page: StatusPage) -> None:
    await page.render()
    assert page.counts.last is not None
    page.counts.last = replace(page.counts.last, at=datetime(2020, 6, 24, 12, tzinfo=UTC), monotonic_at=-inf)
    page.counts._took = 60.0  # as in a database of millions of rows
    page.lists.last = None
    await add_source(service, "https://wire.example/feed", title="Harbour Wire")

    shown = await page.render()

    assert "<dt>sources</dt><dd>0</dd>" in shown
    assert 'counted at <time datetime="2020-06-24T12:00:00Z">' in shown
    assert "Harbour Wire" in shown  # the lists are of now
    page.counts._took = 0.01
    page.counts._ended = -inf
    assert "<dt>sources</dt><dd>1</dd>" in await page.render()


async def test_while_the_database_hangs_the_last_lists_are_shown_with_their_time(
    service: Service, page: StatusPage, hung: Hung
) -> None:
    await add_source(service, "https://wire.example/feed", title="Harbour Wire")
    await page.render()
    assert page.lists.last is not None
    page.lists.last = replace(page.lists.last, at=datetime(2020, 6, 24, 12, tzinfo=UTC), monotonic_at=-inf)
    hang(service, hung)

    shown = await page.render()

    assert "did not answer within 0.8 s: the lists are from 2020-06-24T12:00:00Z" in shown
    assert "Harbour Wire" in shown


async def test_when_the_database_hangs_from_the_start_the_page_has_a_note(
    service: Service, page: StatusPage, hung: Hung
) -> None:
    hang(service, hung)

    shown = await page.render()

    assert "the database did not answer within 0.8 s: there is nothing to show yet" in shown
    assert "database:responseTime" in shown


async def test_the_page_names_the_most_carried_stories_of_the_day(service: Service, page: StatusPage) -> None:
    now, database = datetime.now(UTC), service.runtime.database
    await publish(database, "https://wire.example/feed", report(1), at=now)
    await publish(database, "https://paper.example/feed", cut(report(1), 4), at=now)
    await Placer(database).place_all()

    html = await page.render()

    headline = " ".join(report(1).split()[:6])
    assert "Most carried stories of the day" in html
    assert "wire.example, the first; no agency is credited; record 1" in html
    assert "ingestd stories show STORY" in html
    assert html.count(headline) == 3  # the story, and its two records


async def test_consumers_that_are_not_well_are_listed_with_a_bound(service: Service, page: StatusPage) -> None:
    async with service.runtime.database.write() as connection:
        for number in range(LATEST_ROWS + 3):
            await consumers.add(connection, name=f"desk-{number:02}", kind="webhook", now=datetime.now(UTC))
        await connection.execute(update(tables.consumers).values(state="expired"))
        await connection.execute(
            update(tables.consumers).where(tables.consumers.c.name == "desk-00").values(state="active")
        )

    shown = await page.render()

    assert "desk-00" not in shown  # it is well
    assert shown.count('<td class="fail">expired</td>') == LATEST_ROWS
    assert "and 2 more." in shown


async def test_the_page_lists_nodes_if_there_are_several(service: Service, page: StatusPage) -> None:
    async with service.runtime.database.write() as connection:
        own = (await connection.execute(tables.nodes.select())).mappings().one()
    assert 'id="nodes"' not in await page.render()

    async with service.runtime.database.write() as connection:
        gone = {**own, "name": "fra1", "run_id": "gone", "version": "<b>1.0</b>"}
        await connection.execute(tables.nodes.insert().values(gone))
    page.lists.last = None
    shown = await page.render()

    assert '<td class="words">fra1</td><td class="fail">lost</td>' in shown
    assert "&lt;b&gt;1.0&lt;/b&gt;" in shown
