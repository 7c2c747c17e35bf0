"""The read API under /v1, and its authorisation."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from sqlalchemy import text

from ingestd.daemon.health import Health
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.settings import Listen
from ingestd.store.polls import gaps
from ingestd.store.schema.tables import sources as table
from tests.daemon.services import add_entry, add_source
from tests.support.outcomes import keep_texts

TOKEN = "a token that is long enough"
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
async def client(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    address = serve(Health(service), Listen(host="127.0.0.1", port=0))
    async with address as base, aiohttp.ClientSession(base) as client:
        yield client


async def watched(service: Service, url: str) -> int:
    source = await add_source(service, url)
    async with service.runtime.database.write() as connection:
        values = {"watched_since": NOON - timedelta(hours=3), "last_success_at": NOON}
        await connection.execute(table.update().values(values))
        row = {"source_id": source, "from_at": NOON - timedelta(hours=2), "to_at": NOON - timedelta(hours=1),
               "state": "open", "due_at": NOON}  # fmt: skip
        await gaps.open_gaps(connection, [row])
    return source


async def test_coverage_has_the_complete_interval_and_its_gaps(service: Service, client: aiohttp.ClientSession) -> None:
    source = await watched(service, "https://user:secret@paper.example/feed")

    async with client.get("/v1/coverage", params={"source": source, "since": "2026-01-31T09:30:00Z"}) as reply:
        [found] = await reply.json()
    async with client.get("/v1/coverage", params={"until": "2026-01-31T09:30:00+00:00"}) as reply:
        [before] = await reply.json()

    assert (found["complete_from"], found["complete_until"]) == ("2026-01-31T09:30:00Z", "2026-01-31T12:00:00Z")
    assert [(gap["from_at"], gap["to_at"], gap["state"]) for gap in found["gaps"]] == [
        ("2026-01-31T10:00:00Z", "2026-01-31T11:00:00Z", "open")
    ]
    assert "secret" not in found["url"]
    assert (before["complete_until"], before["gaps"]) == ("2026-01-31T09:30:00Z", [])


async def test_coverage_of_all_sources_comes_in_pages(service: Service, client: aiohttp.ClientSession) -> None:
    ids = [await watched(service, f"https://{name}.example/feed") for name in ("one", "two", "three")]

    found: list[tuple[int, int]] = []
    path = "/v1/coverage?limit=2"
    for _ in range(2):
        async with client.get(path) as reply:
            found += [(one["source"], len(one["gaps"])) for one in await reply.json()]
            path = str(reply.links["next"]["url"]) if reply.links else ""

    assert (found, path) == ([(number, 1) for number in ids], "")


async def test_a_quiet_source_is_listed_and_is_a_health_warning_without_its_name(
    service: Service, client: aiohttp.ClientSession
) -> None:
    await add_source(service, "https://fine.example/feed")
    source = await add_source(service, "https://quiet.example/feed")
    async with service.runtime.database.write() as connection:
        await connection.execute(table.update().where(table.c.id == source).values(quiet_since=NOON))

    async with client.get("/v1/sources", params={"problems": "true"}) as reply:
        [row] = await reply.json()
    async with client.get("/health") as reply:
        health = await reply.json()

    assert (row["url"], row["condition"]) == ("https://quiet.example/feed", "quiet")
    assert "nothing new since 2026-01-31T12:00:00Z" in row["reason"]
    assert health["status"] == "warn"
    assert "quiet.example" not in str(health)


async def test_sources_are_listed_page_by_page(service: Service, client: aiohttp.ClientSession) -> None:
    now = datetime.now(UTC)
    rows = [
        {"url": f"https://{n}.example/feed", "kind": "feed", "state": "active", "site": f"{n}.example", "due_at": now,
         "failures": 1, "condition": "failing", "created_at": now}
        for n in range(1, 2101)
    ]  # fmt: skip
    async with service.runtime.database.write() as connection:
        await connection.execute(table.insert(), rows)

    found, after = list[int](), 0
    for expected in (1000, 1000, 100):
        async with client.get("/v1/sources", params={"problems": "true", "after": after}) as reply:
            page = [row["id"] for row in await reply.json()]
        assert len(page) == expected
        found, after = found + page, page[-1]
    async with client.get("/v1/sources", params={"problems": "true", "after": 3, "limit": 2}) as reply:
        assert [row["id"] for row in await reply.json()] == found[3:5]

    assert found == sorted(set(found))
    assert len(found) == 2100


async def test_why_returns_the_entries_of_a_url(service: Service, client: aiohttp.ClientSession) -> None:
    source = await add_source(service, "https://paper.example/feed")
    await add_entry(service, source, "https://paper.example/story", due=NOON)

    async with client.get("/v1/why", params={"url": "https://PAPER.example/story?utm_source=x"}) as reply:
        found = await reply.json()

    assert found["normalised"] == "https://paper.example/story"
    assert [(entry["source"], entry["state"]) for entry in found["entries"]] == [(source, "pending")]


async def test_events_continue_from_a_number(service: Service, client: aiohttp.ClientSession) -> None:
    await keep_texts(service.runtime.database, "https://user:secret@one.example/feed", "Ferry", "Umbrella")
    await keep_texts(service.runtime.database, "https://two.example/feed", "Ferry", "Otter")

    async with client.get("/v1/events", params={"after": 1, "limit": 2}) as reply:
        some = await reply.json()
    async with client.get("/v1/events?kind=carried&kind=revised") as reply:
        carried = await reply.json()
    async with client.get("/v1/events", params={"after": 4}) as reply:
        none = await reply.json()

    assert ([event["seq"] for event in some["events"]], some["after"], some["newest"]) == ([2, 3], 3, 4)
    assert some["events"][0] == {
        "seq": 2, "kind": "new", "at": "2026-01-31T12:00:00Z", "record_id": 2, "revision": 1,
        "guid": some["events"][0]["guid"], "uri": None, "pubstatus": "usable", "headline": "Umbrella",
        "versioncreated": None, "entry_id": 2, "entry_url": "https://one.example/feed/1", "source_id": 1,
        "source_url": "https://one.example/feed", "source_title": "The feed", "merged_into": None,
        "story": None, "other": None,
    }  # fmt: skip
    assert ([event["seq"] for event in carried["events"]], carried["after"]) == ([3], 4)
    assert none == {"events": [], "after": 4, "newest": 4, "epoch": some["epoch"]}


async def test_an_ended_epoch_of_events_is_410_with_the_present_one(
    service: Service, client: aiohttp.ClientSession
) -> None:
    await keep_texts(service.runtime.database, "https://one.example/feed", "Ferry", "Umbrella")
    async with client.get("/v1/events?after=1") as reply:
        epoch = (await reply.json())["epoch"]
    async with client.get("/v1/events", params={"after": 1, "epoch": epoch}) as reply:
        assert [event["seq"] for event in (await reply.json())["events"]] == [2]

    async with service.runtime.database.write() as connection:
        await connection.execute(text("UPDATE installation SET epoch = 'another'"))
    async with client.get("/v1/events", params={"after": 1, "epoch": epoch}) as reply:
        ended = await reply.json()

    assert (reply.status, ended["epoch"]) == (410, "another")
    assert "a restore of the database" in ended["detail"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        pytest.param("/v1/coverage?since=noon", "since is not a time", id="time"),
        pytest.param(
            "/v1/coverage?since=2026-01-31T09:00:00Z&until=2026-01-31T09:00:00+01:00",
            "nothing lies between",
            id="order",
        ),
        pytest.param("/v1/coverage?source=https://x.example/%00", "NUL", id="nul"),
        pytest.param("/v1/why?url=https://x.example/%00", "NUL", id="nul-in-url"),
        pytest.param("/v1/why", "url is missing", id="no-url"),
        pytest.param("/v1/why?url=", "url is empty", id="empty-url"),
        pytest.param("/v1/events?aftr=1", "no parameter 'aftr'; valid are after, epoch", id="unknown-parameter"),
        pytest.param("/v1/events?after=1&after=2", "after is given 2 times", id="twice"),
        pytest.param("/v1/events?include_withheld=yes", "include_withheld must be true or false", id="no-flag"),
        pytest.param("/v1/events?after=1", "no event 1 yet: the last one is 0", id="event-not-there-yet"),
        pytest.param("/v1/events?after=-1", "after is not a number", id="event-below-0"),
        pytest.param("/v1/events?after=" + "9" * 19, "after is not a number", id="event-of-19-digits"),
        pytest.param("/v1/events?after=", "after is not a number", id="event-empty"),
        pytest.param("/v1/sources?after=x", "after is not a number", id="source-is-no-number"),
        pytest.param("/v1/sources?limit=1001", "limit should be less than or equal to 1000", id="too-many-sources"),
        pytest.param("/v1/events?limit=0", "limit should be greater than or equal to 1", id="no-events"),
        pytest.param("/v1/events?limit=1001", "limit should be less than or equal to 1000", id="too-many-events"),
        pytest.param("/v1/events?kind=moved", "kind.0 should be 'new', ", id="kind"),
        pytest.param("/v1/why?url=ftp://x/", "not an http(s) URL", id="no-http"),
    ],
)
async def test_an_invalid_query_is_400_with_the_reason(client: aiohttp.ClientSession, path: str, message: str) -> None:
    async with client.get(path) as reply:
        assert reply.status == 400
        assert reply.content_type == "application/problem+json"
        assert message in (await reply.json())["detail"]


@pytest.mark.parametrize("name", ["77", "99999999999999999999", "https://none.example/feed"])
async def test_a_source_that_does_not_exist_is_404(client: aiohttp.ClientSession, name: str) -> None:
    async with client.get("/v1/coverage", params={"source": name}) as reply:
        assert reply.status == 404
        assert f"no source {name}" in (await reply.json())["detail"]


async def test_a_reader_of_events_that_are_gone_gets_410_with_what_it_lost(
    service: Service, client: aiohttp.ClientSession
) -> None:
    await keep_texts(service.runtime.database, "https://paper.example/feed", "one", "two", "three")
    async with service.runtime.database.write() as connection:
        await connection.execute(text("DELETE FROM events WHERE seq < 3"))

    async with client.get("/v1/events?after=1") as reply:
        lost = await reply.json()

    assert reply.status == 410
    assert (lost["first_lost"], lost["last_lost"]) == (2, 2)
    assert "events 2 to 2 are no longer kept" in lost["detail"]


async def test_with_a_token_other_requests_are_401(service: Service) -> None:
    address = serve(Health(service), Listen(host="127.0.0.1", port=0), Access.with_token(TOKEN))
    statuses = []
    async with address as base, aiohttp.ClientSession(base) as client:
        no_text = {"Authorization": b"Bearer \xff".decode(errors="surrogateescape")}
        for headers in ({}, {"Authorization": "Bearer wrong"}, no_text, {"Authorization": f"Bearer {TOKEN}"}):
            for path in ("/v1/sources", "/v1/events"):
                async with client.get(path, headers=headers) as reply:
                    statuses.append(reply.status)

    assert statuses == [401] * 6 + [200] * 2


async def test_without_a_token_a_request_that_a_proxy_forwarded_is_403(client: aiohttp.ClientSession) -> None:
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        async with client.get("/v1/sources", headers={name: "192.0.2.1"}) as reply:
            assert reply.status == 403


async def test_the_drivers_error_is_not_in_the_response(service: Service, client: aiohttp.ClientSession) -> None:
    async with service.runtime.database.write() as connection:
        await connection.execute(text("DROP TABLE gaps"))

    async with client.get("/v1/coverage", params={"source": await add_source(service, "https://a.example/")}) as reply:
        status, message = reply.status, await reply.json()

    assert (status, message["detail"]) == (503, "the database is unavailable; see the log")
    assert message.keys() == {"type", "title", "status", "detail"}
