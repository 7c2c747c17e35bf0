"""POST /v1/inbox: what agencies push is committed before they are told so, and never twice."""

import asyncio
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from sqlalchemy import select, text, update
from yarl import URL

from ingestd.daemon.health import Health
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.errors import UsageError
from ingestd.pipeline.runtime import Runtime
from ingestd.settings import Listen
from ingestd.store.operations import overview
from ingestd.store.polls import gaps, sources
from ingestd.store.schema.tables import entries, failures, polls, revisions
from ingestd.store.schema.tables import sources as table
from ingestd.urls import source_url
from tests.support.desk import OTHER, add, source_row
from tests.support.dropping import drop, item, names

TOKEN, OTHERS = "a token of the agency", "a token of the desk"
ANSWER = tuple[int, Any]


@dataclass
class WireVersions:
    service: Service
    runtime: Runtime
    client: aiohttp.ClientSession
    source: int

    async def push(self, body: Any, *, to: str = "wire", headers: dict[str, str] | None = None) -> ANSWER:
        url = URL(f"/v1/inbox/{to}", encoded=True)
        async with self.client.post(url, data=body, headers=headers) as reply:
            return reply.status, await reply.json()

    async def rows(self, query: Any) -> Sequence[Any]:
        async with self.runtime.database.read() as connection:
            return (await connection.execute(query)).all()

    async def set(self, **values: object) -> None:
        async with self.runtime.database.write() as connection:
            await connection.execute(update(table).values(values))


@pytest.fixture
async def desk(runtime: Runtime) -> AsyncIterator[WireVersions]:
    source = await add(runtime, "inbox:wire")
    service = Service(runtime, max_polls=1, max_pages=1, per_site=1)
    address = serve(Health(service), Listen(host="127.0.0.1", port=0))
    async with address as base, aiohttp.ClientSession(base) as client:
        yield WireVersions(service, runtime, client, source)


async def test_what_is_pushed_becomes_a_record_and_a_second_time_nothing(desk: WireVersions) -> None:
    first, second = [await desk.push(item("urn:a")) for _ in range(2)]
    corrected = await desk.push(item("urn:a", "Ferry sinks"))
    await desk.service.pages.run_dry()

    told = {"source": desk.source, "entries": 1}
    assert first == (202, {**told, "new": 1, "changed": 0})
    assert second == (202, {**told, "new": 0, "changed": 0})
    assert corrected == (202, {**told, "new": 0, "changed": 1})
    assert await desk.rows(select(revisions.c.headline)) == [("Ferry sinks",)]
    assert [row.outcome for row in await desk.rows(select(polls))] == ["pushed"] * 3
    assert desk.service.service_state.pushes == {"taken": 3}


async def test_an_inbox_is_never_polled_never_overdue_and_claims_no_coverage(desk: WireVersions) -> None:
    await desk.service.polls.run_dry()
    async with desk.runtime.database.write() as connection:
        now = (await source_row(desk.runtime, desk.source)).created_at
        await sources.set_state(connection, desk.source, "paused", now=now)
        await sources.set_state(connection, desk.source, "active", now=now)

    row = await source_row(desk.runtime, desk.source)
    async with desk.runtime.database.read() as connection:
        figures = await overview.health_figures(connection, now=row.created_at, late=row.created_at)
        assert await gaps.coverage(connection, None, since=None, until=None) == []
        with pytest.raises(UsageError, match="is not polled"):
            await gaps.coverage(connection, desk.source, since=None, until=None)
    assert (row.due_at, row.run_id, row.condition, row.watched_since) == (None, None, "ok", row.created_at)
    assert (figures.overdue, figures.failing, figures.sources["active"]) == (0, 0, 1)
    assert await desk.rows(select(polls)) == []


async def test_a_source_is_named_by_its_number_its_url_or_as_an_inbox(desk: WireVersions) -> None:
    feed = await add(desk.runtime, "https://paper.example/feed")

    for name, source in (
        (f"{desk.source}", desk.source), ("inbox:wire", desk.source), (f"{feed}", feed),
        (quote("https://paper.example/feed", safe=""), feed),
    ):  # fmt: skip
        status, told = await desk.push(item("urn:a"), to=name)
        assert (status, told["source"]) == (202, source)


@pytest.mark.parametrize("name", ["none", "77", "99999999999999999999", "%00", "inbox:"])
async def test_what_is_no_source_takes_nothing(desk: WireVersions, name: str) -> None:
    status, told = await desk.push(item("urn:a"), to=name)

    assert status == 404
    assert "no such source" in told["error"]


async def test_what_a_backfill_took_and_what_is_paused_takes_nothing(desk: WireVersions) -> None:
    await desk.set(kind="list")
    assert (await desk.push(item("urn:a")))[0] == 404
    await desk.set(kind="feed", state="paused")
    assert await desk.push(item("urn:a")) == (409, {"error": "source 1 is paused"})


@pytest.mark.parametrize("body", [b"", b"<html><p>no wire</p></html>", b"\0"], ids=["empty", "a-page", "nul"])
async def test_what_cannot_be_read_is_told_and_costs_the_source_nothing(desk: WireVersions, body: bytes) -> None:
    status, told = await desk.push(body)

    row = await source_row(desk.runtime, desk.source)
    [failure] = await desk.rows(select(failures))
    assert (status, told["type"]) == (422, "UnknownFormat")
    assert (row.run_id, row.condition, row.failures) == (None, "ok", 0)
    assert (failure.error, failure.stage, failure.source_id) == ("UnknownFormat", "parse", desk.source)
    assert desk.service.service_state.pushes == {"dropped": 1}
    assert (await desk.push(item("urn:a")))[0] == 202


async def test_a_document_is_no_larger_than_a_body_may_be(desk: WireVersions) -> None:
    most = desk.runtime.max_body

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield bytes(most // 16)

    assert (await desk.push(io.BytesIO(bytes(most + 1))))[0] == 413
    assert (await desk.push(in_pieces()))[0] == 413
    assert (await desk.push(io.BytesIO(item("urn:a").ljust(most))))[0] == 202


async def test_while_another_has_the_source_at_work_the_sender_may_try_again(desk: WireVersions) -> None:
    await desk.set(run_id="other")

    url = URL(f"/v1/inbox/{desk.source}")
    async with desk.client.post(url, data=item("urn:a")) as reply:
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert (await source_row(desk.runtime, desk.source)).run_id == "other"


async def test_many_push_at_once_and_each_is_taken_in_its_turn(desk: WireVersions) -> None:
    async with asyncio.TaskGroup() as tasks:
        pushes = [tasks.create_task(desk.push(item(f"urn:{n % 5}", f"Ferry {n}"))) for n in range(20)]

    assert [push.result()[0] for push in pushes] == [202] * 20
    found = await desk.rows(select(entries.c.guid))
    assert sorted(row.guid for row in found) == [f"urn:{n}" for n in range(5)]
    assert sum(push.result()[1]["new"] for push in pushes) == 5


async def test_too_many_that_wait_are_told_so(desk: WireVersions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.pipeline.inbox.MAX_WAITING", 1)
    async with desk.runtime.ingest.poller.push_lock(desk.source):
        pushes = [asyncio.create_task(desk.push(item(f"urn:{n}"))) for n in range(5)]
        told = asyncio.as_completed(pushes)
        statuses = [(await next(told))[0] for _ in range(4)]

    assert [*statuses, (await next(told))[0]] == [503, 503, 503, 503, 202]


async def test_the_same_item_by_folder_and_by_push_is_one(desk: WireVersions, tmp_path: Path) -> None:
    folder = tmp_path / "wire"
    folder.mkdir()
    source = await add(desk.runtime, source_url(str(folder)))
    for n in range(4):
        drop(folder, f"{n}.json", item(f"urn:{n}", text=f"{n}. {OTHER}"))
        desk.runtime.ingest.folder_poller.note_arrival(source, f"{n}.json")

    looking = asyncio.create_task(desk.service.polls.run_dry())
    pushes = [await desk.push(item(f"urn:{n}", text=f"{n}. {OTHER}"), to=f"{source}") for n in (2, 3, 4, 5)]
    await looking
    await desk.service.polls.run_dry()  # where a push had the source first
    await desk.service.pages.run_dry()

    row = await source_row(desk.runtime, source)
    assert [status for status, _ in pushes] == [202] * 4
    assert (row.run_id, row.condition) == (None, "ok")
    assert len(names(folder / "done")) == 4
    assert len(await desk.rows(select(entries.c.id))) == len(await desk.rows(select(revisions.c.id))) == 6


async def test_while_the_database_is_away_the_sender_may_try_again(desk: WireVersions) -> None:
    async def rename(one: str, other: str) -> None:
        async with desk.runtime.database.write() as connection:
            await connection.execute(text(f"ALTER TABLE {one} RENAME TO {other}"))

    await rename("sources", "away")
    async with desk.client.post("/v1/inbox/wire", data=item("urn:a")) as reply:
        assert (reply.status, reply.headers["Retry-After"]) == (503, "60")
        assert await reply.json() == {"error": "the database or the disk is unavailable; see the log"}
    await rename("away", "sources")

    assert (await desk.push(item("urn:a")))[0] == 202


async def test_what_takes_too_long_is_given_back(desk: WireVersions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.pipeline.inbox.PUSH_TIMEOUT", 0.05)
    async with desk.runtime.ingest.poller.push_lock(desk.source):
        status, told = await desk.push(item("urn:a"))

    assert status == 503
    assert "not committed" in told["error"]
    monkeypatch.undo()
    assert (await desk.push(item("urn:a")))[0] == 202


async def test_without_a_token_only_this_host_may_push_and_no_page_in_its_browser(desk: WireVersions) -> None:
    for headers in ({"Host": "evil.example:8790"}, {"Origin": "https://evil.example"}):
        assert (await desk.push(item("urn:a"), headers=headers))[0] == 403
    assert await desk.rows(select(entries)) == []


@pytest.mark.parametrize(
    ("tokens", "good"),
    [({"inbox_token": TOKEN, "token": OTHERS}, TOKEN), ({"token": OTHERS}, OTHERS)],
    ids=["its-own", "that-of-v1"],
)
async def test_with_a_token_nobody_else_may_push(runtime: Runtime, tokens: dict[str, str], good: str) -> None:
    await add(runtime, "inbox:wire")
    service = Service(runtime, max_polls=1, max_pages=1, per_site=1)
    address = serve(Health(service), Listen(host="127.0.0.1", port=0), **tokens)
    statuses = {}
    async with address as base, aiohttp.ClientSession(base) as client:
        desk = WireVersions(service, runtime, client, 1)
        no_text = b"\xff".decode(errors="surrogateescape")
        for given in (None, "wrong", no_text, TOKEN, OTHERS):
            headers = {"Authorization": f"Bearer {given}"} if given else {}
            statuses[given] = (await desk.push(item("urn:a"), headers=headers))[0]

    assert statuses == {given: 202 if given == good else 401 for given in statuses}
