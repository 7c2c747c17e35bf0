import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from html import unescape

import feedparser
import pytest
from aiohttp import ClientSession
from lxml import html

from ingestd.demo.newsroom import Newsroom
from ingestd.model.markup import block_texts
from tests.demo.clock import Clock
from tests.support.loop_clock import LoopClock

AGENCY, COURIER, HERALD = range(3)


@pytest.fixture
async def web() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


def feed_of(newsroom: Newsroom, outlet: int) -> str:
    return newsroom.sources[outlet][0]


async def read(web: ClientSession, url: str) -> str:
    async with web.get(url, raise_for_status=True) as reply:
        return await reply.text()


async def listed(web: ClientSession, url: str) -> list[tuple[str, str]]:
    """Return guid and link of each entry, in the order of the feed."""
    text = await read(web, url)
    if text.startswith("{"):
        return [(item["id"], item["url"]) for item in json.loads(text)["items"]]
    feed = feedparser.parse(text.encode())
    assert not feed.bozo
    return [(entry.id, entry.link) for entry in feed.entries]


async def test_each_source_has_its_format(newsroom: Newsroom, clock: Clock, web: ClientSession) -> None:
    clock.seconds = 30
    agency, courier, herald = [await read(web, url) for url, _ in newsroom.sources]

    assert feedparser.parse(agency.encode()).version == "atom10"
    assert feedparser.parse(courier.encode()).version == "rss20"
    assert json.loads(herald)["version"] == "https://jsonfeed.org/version/1.1"
    assert [title for _, title in newsroom.sources] == [
        feedparser.parse(agency.encode()).feed.title,
        feedparser.parse(courier.encode()).feed.title,
        json.loads(herald)["title"],
    ]


async def test_stories_are_published_over_time(newsroom: Newsroom, clock: Clock, web: ClientSession) -> None:
    counts = []
    for seconds in (0, 5, 10, 30):
        clock.seconds = seconds
        counts.append([len(await listed(web, url)) for url, _ in newsroom.sources])

    assert counts == [[1, 1, 0], [3, 2, 2], [4, 3, 3], [6, 7, 9]]


async def test_a_story_has_no_page_before_it_is_published(newsroom: Newsroom, clock: Clock, web: ClientSession) -> None:
    clock.seconds = 30
    latest = (await listed(web, feed_of(newsroom, HERALD)))[0][1]
    photo = latest.replace("/stories/", "/photos/") + ".svg"

    for url in (latest, photo):
        for seconds, status in ((23.9, 404), (24, 200)):
            clock.seconds = seconds
            async with web.get(url) as reply:
                assert reply.status == status


async def test_the_feeds_finally_list_what_is_expected(newsroom: Newsroom, clock: Clock, web: ClientSession) -> None:
    clock.seconds = 30
    expected = newsroom.expected

    for url, _ in newsroom.sources:
        guids = [guid for guid, _ in await listed(web, url)]
        assert tuple(reversed(guids)) == expected.sources[url].guids
    assert (expected.entries, expected.records, expected.duplicates, expected.corrections) == (22, 20, 2, 2)
    assert len(expected.bodies) == 22
    assert len(set(expected.bodies.values())) == 20


async def test_pace_makes_time_pass_faster(clock: Clock, web: ClientSession) -> None:
    async with Newsroom(pace=10, clock=clock) as newsroom:
        clock.seconds = 0.5

        assert newsroom.elapsed == 5
        assert len(await listed(web, feed_of(newsroom, AGENCY))) == 3


async def test_finished_is_set_when_everything_is_published(loop_clock: LoopClock) -> None:
    async with Newsroom(clock=loop_clock.now) as newsroom:
        assert not newsroom.finished.is_set()
        loop_clock.skip(30)
        await newsroom.finished.wait()

        assert newsroom.elapsed >= 24


async def test_time_starts_again_with_each_opening(clock: Clock, web: ClientSession) -> None:
    clock.seconds = 1000
    async with Newsroom(clock=clock) as newsroom:
        assert len(await listed(web, feed_of(newsroom, AGENCY))) == 1


@pytest.mark.parametrize("outlet", [AGENCY, COURIER, HERALD], ids=["atom", "rss", "json"])
@pytest.mark.parametrize(
    ("validator", "header"), [("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")], ids=["tag", "date"]
)
async def test_a_conditional_request_gets_304_until_something_changes(
    newsroom: Newsroom, clock: Clock, web: ClientSession, outlet: int, validator: str, header: str
) -> None:
    url = feed_of(newsroom, outlet)
    for seconds in (1, 3, 8, 14, 15, 17, 18, 19, 22, 24):
        clock.seconds = seconds
        async with web.get(url) as reply:
            known, before = reply.headers[validator], await reply.text()
        async with web.get(url, headers={header: known}) as reply:
            assert (reply.status, await reply.read()) == (304, b"")
            assert reply.headers[validator] == known

        clock.seconds += 1
        async with web.get(url, headers={header: known}) as reply:
            assert (reply.status == 304) == (await read(web, url) == before)


async def test_an_etag_takes_precedence_over_a_date(newsroom: Newsroom, web: ClientSession) -> None:
    headers = {"If-None-Match": '"another"', "If-Modified-Since": "Wed, 24 Jun 2099 00:00:00 GMT"}

    async with web.get(feed_of(newsroom, AGENCY), headers=headers) as reply:
        assert reply.status == 200


@pytest.mark.parametrize(("accepted", "sent"), [("gzip", "gzip"), ("identity", None)])
async def test_gzip_is_sent_on_request(newsroom: Newsroom, web: ClientSession, accepted: str, sent: str | None) -> None:
    async with web.get(feed_of(newsroom, AGENCY), headers={"Accept-Encoding": accepted}) as reply:
        assert reply.headers.get("Content-Encoding") == sent
        assert "Ferry Line" in await reply.text()
        assert reply.headers["Cache-Control"] == "max-age=1"


async def test_requests_are_counted(newsroom: Newsroom, web: ClientSession) -> None:
    site = newsroom.sites[COURIER]
    async with web.get(site.feed_url) as reply:
        tag = reply.headers["ETag"]
    async with web.get(site.feed_url, headers={"If-None-Match": tag}):
        pass
    await read(web, site.home)
    async with web.get(f"{site.home}stories/none"):
        pass

    assert (site.requests, site.polls, site.not_modified) == (4, 2, 1)


async def test_the_agency_sends_its_text_in_the_feed(newsroom: Newsroom, clock: Clock, web: ClientSession) -> None:
    clock.seconds = 30
    feed = feedparser.parse((await read(web, feed_of(newsroom, AGENCY))).encode(), sanitize_html=False)

    for entry in feed.entries:
        paragraphs = block_texts(html.fragment_fromstring(entry.content[0].value, create_parent="div"))
        dateline, _, first = paragraphs[0].partition(" — ")
        assert dateline.endswith(", June 24 (Meridian Press)")
        assert "\n\n".join([first, *paragraphs[1:]]) == newsroom.expected.bodies[entry.id]


async def test_a_reprint_has_the_text_of_the_agency(newsroom: Newsroom, clock: Clock, web: ClientSession) -> None:
    clock.seconds = 30
    agency = feedparser.parse((await read(web, feed_of(newsroom, AGENCY))).encode(), sanitize_html=False)
    sent = {entry.title: block_texts(html.fromstring(entry.content[0].value)) for entry in agency.entries}
    items = json.loads(await read(web, feed_of(newsroom, HERALD)))["items"]
    reprints = [item for item in items if item["title"] in sent]

    assert len(reprints) == 2
    for item in reprints:
        page = html.fromstring(await read(web, item["url"]))
        assert [div.text for div in page.find_class("d3")] == sent[item["title"]]


async def test_a_correction_changes_the_text_and_the_time_of_its_entry(
    newsroom: Newsroom, clock: Clock, web: ClientSession
) -> None:
    url = feed_of(newsroom, HERALD)
    seen = []
    for seconds in (18.5, 19):
        clock.seconds = seconds
        item = next(item for item in json.loads(await read(web, url))["items"] if "orchards" in item["url"])
        page = await read(web, item["url"])
        seen.append((item["date_published"], item["date_modified"], "minus one on the second" in page))
        assert ("Updated Jun 24, 2020 2:26 AM CDT" in page) == (seconds == 19)

    assert seen == [
        ("2020-06-24T05:15:00Z", "2020-06-24T05:15:00Z", False),
        ("2020-06-24T05:15:00Z", "2020-06-24T07:26:00Z", True),
    ]


async def test_a_touched_page_changes_its_furniture_and_keeps_its_text(
    newsroom: Newsroom, clock: Clock, web: ClientSession
) -> None:
    url = feed_of(newsroom, COURIER)
    updated, bodies, adverts = set(), set(), set()
    for seconds in (16.5, 17):
        clock.seconds = seconds
        feed = feedparser.parse((await read(web, url)).encode())
        entry = next(entry for entry in feed.entries if "bakery" in entry.link)
        page = html.fromstring(await read(web, entry.link))
        updated.add(entry.updated)
        bodies.add(tuple(p.text for p in page.find_class("story-body")[0].findall("p")))
        adverts.add(page.find_class("ad")[0].text_content())

    assert (len(updated), len(bodies), len(adverts)) == (2, 1, 2)


@pytest.mark.parametrize(
    ("outlet", "furniture"),
    [
        pytest.param(
            COURIER,
            ["use cookies", "Open the app", "Related stories", "newsletter", "Advertisement", "(Courier/Hester Vane)"],
            id="the paper with metadata",
        ),
        pytest.param(
            HERALD,
            ["We use cookies", "Tap to Add to Home Screen", "You might also like", "newsletter", "Click for more",
             "(Tarn Valley Herald) –", "Posted Jun 24, 2020 12:15 AM CDT", "(Tarn Valley Herald/Gil Moray)"],
            id="the paper without",
        ),
    ],
)  # fmt: skip
async def test_pages_have_furniture(
    newsroom: Newsroom, clock: Clock, web: ClientSession, outlet: int, furniture: list[str]
) -> None:
    clock.seconds = 30
    page = await read(web, (await listed(web, feed_of(newsroom, outlet)))[-1][1])

    assert [words for words in furniture if words not in unescape(page)] == []


async def test_a_reprint_has_the_time_of_its_paper(newsroom: Newsroom, clock: Clock, web: ClientSession) -> None:
    clock.seconds = 30

    assert "Posted Jun 24, 2020 1:15 AM CDT" in await read(
        web, f"{newsroom.sites[HERALD].home}stories/wire-tide-gauge-network"
    )


async def test_one_paper_has_metadata_and_the_other_none(newsroom: Newsroom, clock: Clock, web: ClientSession) -> None:
    clock.seconds = 30
    courier, herald = [
        html.fromstring(await read(web, (await listed(web, feed_of(newsroom, outlet)))[-1][1]))
        for outlet in (COURIER, HERALD)
    ]
    graph = json.loads(courier.xpath("//script[@type='application/ld+json']")[0].text)["@graph"]
    story = next(node for node in graph if node["@type"] == "NewsArticle")

    assert datetime.fromisoformat(story["datePublished"]) == datetime(2020, 6, 24, 5, 10, tzinfo=UTC)
    assert story["author"] == [{"@type": "Person", "name": "Odalys Brandreth"}]
    assert story["headline"] == courier.xpath("//h1")[0].text
    assert not herald.xpath("//meta[@name or @property] | //h1 | //p | //time | //article | //script | //link")


@pytest.mark.parametrize("outlet", [AGENCY, COURIER, HERALD], ids=["agency", "courier", "herald"])
async def test_all_links_and_images_exist(newsroom: Newsroom, clock: Clock, web: ClientSession, outlet: int) -> None:
    clock.seconds = 30
    site = newsroom.sites[outlet]
    front = html.fromstring(await read(web, site.home), base_url=site.home)
    front.make_links_absolute()
    stories = front.xpath("//main//h2/a/@href")
    assert front.xpath("//link[@rel='alternate']/@href") == [site.feed_url]
    assert len(stories) == len(newsroom.expected.sources[site.feed_url].guids)

    for story in stories:
        page = html.fromstring(await read(web, story), base_url=story)
        page.make_links_absolute()
        async with web.get(page.xpath("//img/@src")[0], raise_for_status=True) as photo:
            assert photo.content_type == "image/svg+xml"
            html.fromstring((await photo.text()).encode())
    assert (await read(web, f"{site.home}robots.txt")).startswith("User-agent: *")
