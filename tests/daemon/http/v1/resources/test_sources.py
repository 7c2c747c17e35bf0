"""/v1/sources: sources are listed, shown and managed as by the commands."""

from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from ingestd.store.operations import listed_sources
from ingestd.store.schema.tables import sources as table
from tests.backfill.backfills import atom
from tests.daemon.http.v1.api import Api
from tests.daemon.services import add_source
from tests.support.newsroom import Newsroom
from tests.support.outcomes import NOON


async def row(api: Api, source_id: int) -> Any:
    async with api.database.read() as connection:
        return (await connection.execute(select(table).where(table.c.id == source_id))).one()


async def several(api: Api) -> None:
    """Add five sources: 2 is paused, 4 fails."""
    for number in range(1, 6):
        await add_source(api.service, f"https://user:secret@site{number}.example/feed", title=f"Paper {number}")
    async with api.database.write() as connection:
        for number, values in ((2, {"state": "paused"}), (4, {"condition": "failing", "failures": 3})):
            await connection.execute(update(table).where(table.c.id == number).values(values))


@pytest.mark.parametrize("limit", [1, 2, 5, 1000])
async def test_sources_are_listed_as_the_command_lists_them(api: Api, limit: int) -> None:
    await several(api)
    listed = await api.command("sources", "list")

    assert await api.pages("/v1/sources", limit=limit) == listed
    assert [one["id"] for one in listed] == [1, 2, 3, 4, 5]
    assert "secret" not in str(listed)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"only": "paused"}, [2]),
        ({"only": "failing"}, [4]),
        ({"only": "ok"}, [1, 3, 5]),
        ({"site": "site3.example"}, [3]),
        ({"site": "other.example"}, []),
        ({"after": 3}, [4, 5]),
        ({"problems": "true"}, [2, 4]),
    ],
)
async def test_sources_are_chosen(
    api: Api, query: dict[str, Any], expected: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await several(api)
    monkeypatch.setattr(listed_sources, "_BATCH", 1)
    monkeypatch.setattr(listed_sources, "_MAX_ROWS", 3)  # a page ends before it is full

    assert [one["id"] for one in await api.pages("/v1/sources", limit=1, **query)] == expected


async def test_a_source_is_shown_as_the_command_shows_it(api: Api) -> None:
    await several(api)
    shown = await api.command("sources", "show", 4)

    assert await api.value("/v1/sources/4") == shown
    assert await api.value(f"/v1/sources/{quote('https://user:secret@site4.example/feed', safe='')}") == shown
    assert (await api.get("/v1/sources/9")).status == 404


async def test_a_feed_is_added_with_its_first_poll(api: Api, newsroom: Newsroom) -> None:
    newsroom.publish("/feed", body=atom(newsroom.url("/1")), content_type="application/atom+xml")
    source = {"url": newsroom.url("/feed"), "title": "Paper", "interval": "30m"}

    added = await api.request("POST", "/v1/sources", json=source)
    again = await api.request("POST", "/v1/sources", json={"url": source["url"], "title": "Other"})

    assert (added.status, again.status) == (201, 200)
    assert added.value == [{"id": 1, "url": source["url"], "new": True, "entries": 1}]
    assert again.value == [{"id": 1, "url": source["url"], "new": False, "entries": None, "changed": ["title"]}]
    stored = await row(api, 1)
    assert (stored.title, stored.interval, stored.last_polled_at is not None) == ("Other", 1800.0, True)


async def test_what_is_no_feed_is_not_added(api: Api, newsroom: Newsroom) -> None:
    newsroom.publish("/page", body=b"<html><title>Ferry</title></html>", content_type="text/html")

    answers = [
        await api.request("POST", "/v1/sources", json={"url": url, **more})
        for url, more in (
            (newsroom.url("/page"), {}),
            ("https://[nonsense", {}),
            ("/srv/wire", {}),
            (newsroom.url("/page"), {"interval": "1s"}),
            ("https://paper.example/feed", {"colour": "red"}),
        )
    ]

    assert [one.status for one in answers] == [422, 400, 403, 400, 422]
    assert "is not a feed and names none" in answers[0].value["detail"]
    assert await api.value("/v1/sources") == []


async def test_a_source_is_added_without_fetching_it(api: Api) -> None:
    added = await api.request("POST", "/v1/sources", json={"url": "https://paper.example/feed", "unchecked": True})
    inbox = await api.request("POST", "/v1/sources", json={"url": "inbox:wire"})

    assert (added.status, inbox.status) == (201, 201)
    assert [one["url"] for one in await api.value("/v1/sources")] == ["https://paper.example/feed", "inbox:wire"]


async def test_a_source_is_changed_as_by_the_command(api: Api) -> None:
    await several(api)

    change = {"title": "Weekly", "interval": "2h", "robots": True, "revisits": False}
    changed = await api.request("PATCH", "/v1/sources/1", json=change)

    assert changed.value == {
        "id": 1, "url": "https://site1.example/feed", "title": "Weekly", "obeys_robots": True, "revisits": False,
        "interval": 7200.0,
    }  # fmt: skip
    stored = await row(api, 1)
    assert (stored.title, stored.interval, stored.obeys_robots, stored.revisits) == ("Weekly", 7200.0, True, False)
    await api.request("PATCH", "/v1/sources/1", json={"interval": "auto"})
    assert (await row(api, 1)).interval is None
    wrong = [await api.request("PATCH", "/v1/sources/1", json=body) for body in ({}, {"interval": "never"})]
    assert [one.status for one in wrong] == [422, 400]


async def test_a_source_is_paused_resumed_and_removed(api: Api) -> None:
    await several(api)

    states = [
        (await api.request(method, path)).value["state"]
        for method, path in (
            ("POST", "/v1/sources/1/pause"), ("POST", "/v1/sources/2/resume"), ("DELETE", "/v1/sources/3")
        )
    ]  # fmt: skip

    assert states == ["paused", "active", "removed"]
    assert [(await row(api, number)).state for number in (1, 2, 3)] == states
    assert (await api.get("/v1/sources/3")).status == 404


async def test_a_source_is_polled_now(api: Api) -> None:
    await several(api)
    await api.request("POST", "/v1/sources", json={"url": "inbox:wire"})
    async with api.database.write() as connection:
        later = NOON.replace(year=2999)
        await connection.execute(update(table).where(table.c.id < 6).values(due_at=later))

    polled, paused, inbox = [await api.request("POST", f"/v1/sources/{number}/poll") for number in (4, 2, 6)]

    assert (polled.status, paused.status, inbox.status) == (202, 409, 409)
    assert paused.value["detail"] == "source 2 is paused; resume it with POST /v1/sources/2/resume"
    assert [(await row(api, number)).due_at == later for number in (2, 4)] == [True, False]
