"""The newsroom's log of arrivals, and how it judges them."""

import aiohttp

from ingestd.demo.arrivals import Arrival, judge
from ingestd.demo.newsroom import Newsroom
from tests.demo.clock import Clock


def arrival(began: float, ended: float) -> Arrival:
    return Arrival(client="ingestd", path="/feed", began=began, ended=ended)


async def test_a_newsroom_writes_down_who_asked_for_what(newsroom: Newsroom, clock: Clock) -> None:
    courier = newsroom.sites[1]
    async with aiohttp.ClientSession(headers={"User-Agent": "ingestd/1 (+https://node1.example/)"}) as web:
        async with web.get(courier.feed_url) as answer:
            await answer.read()
        async with web.get(courier.home + "stories/none") as missing:
            await missing.read()
        clock.seconds = 1
        async with web.get(newsroom.agency.url) as message:
            await message.read()

    assert [one.path for one in newsroom.arrivals.of(courier.outlet.title)] == ["/feed", "/stories/none"]
    latest = newsroom.arrivals.latest
    assert latest
    assert (latest[0], latest[1].path) == (newsroom.agency.title, "/newsml")
    assert latest[1].client == "ingestd/1 (+https://node1.example/)"


def test_requests_are_early_within_the_delay_after_an_answer() -> None:
    manners = judge([arrival(10, 11), arrival(11.5, 12), arrival(12.25, 13), arrival(20, 20)], delay=0.5)

    assert manners.early == (arrival(12.25, 13),)
    assert manners.shortest == 0.25
    assert manners.at_once == 1


def test_requests_before_an_answer_are_early_and_at_once() -> None:
    manners = judge([arrival(12, 13), arrival(10, 14), arrival(12.5, 12.75)], delay=0.5)

    assert manners.early == (arrival(12, 13), arrival(12.5, 12.75))
    assert manners.at_once == 3


def test_a_site_that_nobody_asked_has_no_shortest_time() -> None:
    manners = judge([], delay=0.5)

    assert (manners.early, manners.shortest, manners.at_once) == ((), None, 0)
