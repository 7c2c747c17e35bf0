"""Repair of gaps from the feeds that a source's pages name, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from ingestd.pipeline.runtime import Runtime
from ingestd.repair.named_feeds import MAX_FEEDS, MAX_PAGES
from ingestd.store.schema import tables
from tests.repair.rolling import asked, atom, publish, rolled_over, the_gap
from tests.support.desk import add, poll_all
from tests.support.newsroom import Newsroom


def name(newsroom: Newsroom, *paths: str, at: str = "/") -> str:
    """Publish a page that links to feeds."""
    links = "".join(f'<link rel="alternate" type="application/atom+xml" href="{path}">' for path in paths)
    return newsroom.publish(at, body=f"<html><head>{links}</head></html>".encode(), content_type="text/html")


async def test_a_gap_is_closed_by_a_feed_that_has_both_edges(newsroom: Newsroom, runtime: Runtime) -> None:
    home = name(newsroom, "/feed", "/all")
    newsroom.publish("/all", body=atom(newsroom, range(1, 12)))
    service = await rolled_over(newsroom, runtime, home=home)
    found = await service.repair.run()
    feeds = [path for path in asked(newsroom) if path in ("/feed", "/all")]
    await service.run_until_idle()

    gap = await the_gap(runtime)
    assert (found, gap["state"], gap["found"]) == (4, "repaired", 4)  # 4..7; later entries are for the next poll
    assert feeds == ["/all"]  # not the source's own feed
    assert f"{newsroom.url('/all')} has all entries at the edges of the gap" in str(gap["note"])
    assert (await poll_all(runtime))["records"] == 10


async def test_the_front_page_of_the_section_names_feeds_as_well(newsroom: Newsroom, runtime: Runtime) -> None:
    name(newsroom, "/all", at="/news/")
    newsroom.publish("/all", body=atom(newsroom, range(1, 11)))
    service = await rolled_over(newsroom, runtime)

    assert await service.repair.run() == 4
    assert (await the_gap(runtime))["state"] == "repaired"


async def test_a_feed_that_does_not_reach_back_leaves_the_gap_open_and_its_entries_are_kept(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    service = await rolled_over(newsroom, runtime, home=name(newsroom, "/all"))
    newsroom.publish("/all", body=atom(newsroom, range(6, 11), at=datetime.now(UTC)))
    found = await service.repair.run()
    await service.run_until_idle()

    gap = await the_gap(runtime)
    assert (found, gap["state"], gap["found"]) == (2, "open", 2)
    assert "other feeds named by its pages, none with all entries at the edges of the gap: 1" in str(gap["note"])
    assert (await poll_all(runtime))["records"] == 8


@pytest.mark.parametrize("hours", [-2, 2])
async def test_entries_of_another_time_are_left_out(newsroom: Newsroom, runtime: Runtime, hours: int) -> None:
    service = await rolled_over(newsroom, runtime, home=name(newsroom, "/all"))
    at = datetime.now(UTC) + timedelta(hours=hours)
    newsroom.publish("/all", body=atom(newsroom, range(6, 11), at=at))

    assert await service.repair.run() == 0


async def test_a_feed_of_another_section_adds_nothing(newsroom: Newsroom, runtime: Runtime) -> None:
    publish(newsroom, range(1, 11), "sports")
    service = await rolled_over(newsroom, runtime, home=name(newsroom, "/sports.xml"))
    newsroom.publish("/sports.xml", body=atom(newsroom, range(1, 11), folder="sports", at=datetime.now(UTC)))
    found = await service.repair.run()

    assert (found, (await the_gap(runtime))["state"]) == (0, "open")


async def test_pages_that_name_no_feed_leave_the_gap_open(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await rolled_over(newsroom, runtime, home=name(newsroom, "/feed"))
    found = await service.repair.run()

    gap = await the_gap(runtime)
    assert (found, gap["state"]) == (0, "open")
    assert "its pages name no other feed" in str(gap["note"])
    assert "/feed" not in asked(newsroom)


@pytest.mark.parametrize(
    ("rule", "unasked"), [pytest.param("/all", "/all", id="feed"), pytest.param("/home", "/home", id="page")]
)
async def test_robots_txt_is_obeyed(newsroom: Newsroom, runtime: Runtime, rule: str, unasked: str) -> None:
    robots = f"User-agent: *\nDisallow: {rule}".encode()
    newsroom.publish("/robots.txt", body=robots, content_type="text/plain")
    newsroom.publish("/all", body=atom(newsroom, range(1, 11)))
    service = await rolled_over(newsroom, runtime, home=name(newsroom, "/all", at="/home"))
    found = await service.repair.run()

    gap = await the_gap(runtime)
    assert (found, gap["state"]) == (0, "open")
    assert f"robots.txt says 'Disallow: {rule}'" in str(gap["note"])
    assert unasked not in asked(newsroom)


async def test_a_feed_that_cannot_be_read_does_not_stop_the_next(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await rolled_over(newsroom, runtime, home=name(newsroom, "/none", "/broken", "/all"))
    newsroom.publish("/broken", body=b"no feed")
    newsroom.publish("/all", body=atom(newsroom, range(1, 11)))

    assert await service.repair.run() == 4
    assert (await the_gap(runtime))["state"] == "repaired"


async def test_the_number_of_pages_and_feeds_is_limited(newsroom: Newsroom, runtime: Runtime) -> None:
    paths = [f"/feed{number}" for number in range(30)]
    service = await rolled_over(newsroom, runtime, home=name(newsroom, *paths, "/news/feed"))
    for path in [*paths, "/news/feed"]:
        newsroom.publish(path, body=atom(newsroom, range(6, 11), at=datetime.now(UTC)))
    await service.repair.run()

    asked_for = [path for path in asked(newsroom) if path != "/robots.txt"]
    assert len(asked_for) <= MAX_PAGES + MAX_FEEDS
    assert [path for path in asked_for if path.endswith("/feed") or path in paths] == [
        "/news/feed",
        *paths[: MAX_FEEDS - 1],
    ]


async def test_a_second_attempt_adds_nothing_twice(newsroom: Newsroom, runtime: Runtime) -> None:
    service = await rolled_over(newsroom, runtime, home=name(newsroom, "/all"))
    newsroom.publish("/all", body=atom(newsroom, range(6, 11), at=datetime.now(UTC)))
    first = await service.repair.run()
    async with runtime.database.write() as connection:
        await connection.execute(update(tables.gaps).values(due_at=datetime.now(UTC)))
    second = await service.repair.run()

    assert (first, second, (await the_gap(runtime))["found"]) == (2, 0, 2)


async def test_a_feed_that_is_a_source_is_not_fetched_for_repair(newsroom: Newsroom, runtime: Runtime) -> None:
    await add(runtime, newsroom.publish("/all", body=atom(newsroom, range(8, 11))))
    service = await rolled_over(newsroom, runtime, home=name(newsroom, "/all", "/former"))
    async with runtime.database.write() as connection:
        row = {"url": newsroom.url("/former"), "source_id": 1, "until": datetime.now(UTC)}
        await connection.execute(tables.aliases.insert(), [row])
    await service.repair.run()

    assert not {"/all", "/former"} & {*asked(newsroom)}
