"""POST /v1/inbox: a push is committed before it is acknowledged, and never twice."""

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
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.errors import UsageError
from ingestd.pipeline import inbox as pushing
from ingestd.pipeline.runtime import Runtime
from ingestd.settings import Listen
from ingestd.store.operations import overview
from ingestd.store.polls import gaps, sources
from ingestd.store.schema.tables import entries, failures, polls, revisions
from ingestd.store.schema.tables import sources as table
from ingestd.urls import source_url
from tests.support.desk import OTHER, add, source_row
from tests.support.dropping import drop, item, names

#: Seconds to wait for anything on a busy machine.
PATIENCE = 120.0

TOKEN, OTHERS = "a token of the agency", "a token of the inbox"
ANSWER = tuple[int, Any]


@dataclass
class InboxClient:
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
async def inbox(runtime: Runtime) -> AsyncIterator[InboxClient]:
    source = await add(runtime, "inbox:wire")
    service = Service(runtime, max_polls=1, max_pages=1, per_site=1)
    address = serve(Health(service), Listen(host="127.0.0.1", port=0))
    async with address as base, aiohttp.ClientSession(base) as client:
        yield InboxClient(service, runtime, client, source)


async def test_a_pushed_item_becomes_one_record(inbox: InboxClient) -> None:
    first, second = [await inbox.push(item("urn:a")) for _ in range(2)]
    corrected = await inbox.push(item("urn:a", "Ferry sinks"))
    await inbox.service.engine.run_until_idle(["pages"])

    told = {"source": inbox.source, "entries": 1}
    assert first == (202, {**told, "new": 1, "changed": 0})
    assert second == (202, {**told, "new": 0, "changed": 0})
    assert corrected == (202, {**told, "new": 0, "changed": 1})
    assert await inbox.rows(select(revisions.c.headline)) == [("Ferry sinks",)]
    assert [row.outcome for row in await inbox.rows(select(polls))] == ["pushed"] * 3
    assert inbox.service.service_state.pushes == {"taken": 3}


async def test_an_inbox_is_never_polled_never_overdue_and_claims_no_coverage(inbox: InboxClient) -> None:
    await inbox.service.engine.run_until_idle(["polls"])
    async with inbox.runtime.database.write() as connection:
        now = (await source_row(inbox.runtime, inbox.source)).created_at
        await sources.set_state(connection, inbox.source, "paused", now=now)
        await sources.set_state(connection, inbox.source, "active", now=now)

    row = await source_row(inbox.runtime, inbox.source)
    async with inbox.runtime.database.read() as connection:
        at = row.created_at
        figures = await overview.health_figures(connection, now=at, late=at, late_claims=at, late_revisits=at)
        assert await gaps.coverage(connection, None, since=None, until=None) == []
        with pytest.raises(UsageError, match="is not polled"):
            await gaps.coverage(connection, inbox.source, since=None, until=None)
    assert (row.due_at, row.run_id, row.condition, row.watched_since) == (None, None, "ok", row.created_at)
    assert (figures.overdue, figures.failing, figures.sources["active"]) == (0, 0, 1)
    assert await inbox.rows(select(polls)) == []


async def test_a_source_is_named_by_number_url_or_inbox(inbox: InboxClient) -> None:
    feed = await add(inbox.runtime, "https://paper.example/feed")

    for name, source in (
        (f"{inbox.source}", inbox.source), ("inbox:wire", inbox.source), (f"{feed}", feed),
        (quote("https://paper.example/feed", safe=""), feed),
    ):  # fmt: skip
        status, told = await inbox.push(item("urn:a"), to=name)
        assert (status, told["source"]) == (202, source)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        *((name, "no such source") for name in ("none", "77", "99999999999999999999", "inbox:")),
        ("%00", "nothing at /v1/inbox/%00"),
    ],
)
async def test_an_unknown_source_is_404(inbox: InboxClient, name: str, message: str) -> None:
    status, told = await inbox.push(item("urn:a"), to=name)

    assert status == 404
    assert message in told["detail"]


async def test_a_list_is_404_and_a_paused_source_409(inbox: InboxClient) -> None:
    await inbox.set(kind="list")
    assert (await inbox.push(item("urn:a")))[0] == 404
    await inbox.set(kind="feed", state="paused")
    status, told = await inbox.push(item("urn:a"))
    assert (status, told["detail"]) == (409, "source 1 is paused")


@pytest.mark.parametrize("body", [b"", b"<html><p>no wire</p></html>", b"\0"], ids=["empty", "a-page", "nul"])
async def test_an_unreadable_push_is_422_and_does_not_affect_the_source(inbox: InboxClient, body: bytes) -> None:
    status, told = await inbox.push(body)

    row = await source_row(inbox.runtime, inbox.source)
    [failure] = await inbox.rows(select(failures))
    assert (status, told["error"]) == (422, "UnknownFormat")
    assert (row.run_id, row.condition, row.failures) == (None, "ok", 0)
    assert (failure.error, failure.stage, failure.source_id) == ("UnknownFormat", "parse", inbox.source)
    assert inbox.service.service_state.pushes == {"dropped": 1}
    assert (await inbox.push(item("urn:a")))[0] == 202


async def test_a_document_larger_than_max_body_is_413(inbox: InboxClient) -> None:
    most = inbox.runtime.max_body

    async def in_pieces() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield bytes(most // 16)

    assert (await inbox.push(io.BytesIO(bytes(most + 1))))[0] == 413
    assert (await inbox.push(in_pieces()))[0] == 413
    assert (await inbox.push(io.BytesIO(item("urn:a").ljust(most))))[0] == 202


async def test_a_busy_source_is_503_with_retry_after(inbox: InboxClient) -> None:
    await inbox.set(run_id="other")

    url = URL(f"/v1/inbox/{inbox.source}")
    async with inbox.client.post(url, data=item("urn:a")) as reply:
        assert (reply.status, reply.headers["Retry-After"]) == (503, "5")
    assert (await source_row(inbox.runtime, inbox.source)).run_id == "other"


async def test_concurrent_pushes_are_all_accepted(inbox: InboxClient) -> None:
    async with asyncio.TaskGroup() as tasks:
        pushes = [tasks.create_task(inbox.push(item(f"urn:{n % 5}", f"Ferry {n}"))) for n in range(20)]

    assert [push.result()[0] for push in pushes] == [202] * 20
    found = await inbox.rows(select(entries.c.guid))
    assert sorted(row.guid for row in found) == [f"urn:{n}" for n in range(5)]
    assert sum(push.result()[1]["new"] for push in pushes) == 5


async def test_too_many_waiting_pushes_are_503(inbox: InboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.pipeline.inbox.MAX_WAITING", 1)
    async with inbox.runtime.ingest.poller.push_lock(inbox.source):
        pushes = [asyncio.create_task(inbox.push(item(f"urn:{n}"))) for n in range(5)]
        told = asyncio.as_completed(pushes)
        statuses = [(await next(told))[0] for _ in range(4)]

    assert [*statuses, (await next(told))[0]] == [503, 503, 503, 503, 202]


async def test_an_item_by_folder_and_push_is_one_record(inbox: InboxClient, tmp_path: Path) -> None:
    folder = tmp_path / "wire"
    folder.mkdir()
    source = await add(inbox.runtime, source_url(str(folder)))
    for n in range(4):
        drop(folder, f"{n}.json", item(f"urn:{n}", text=f"{n}. {OTHER}"))
        inbox.runtime.ingest.folder_poller.note_arrival(source, f"{n}.json")

    looking = asyncio.create_task(inbox.service.engine.run_until_idle(["polls"]))
    pushes = [await inbox.push(item(f"urn:{n}", text=f"{n}. {OTHER}"), to=f"{source}") for n in (2, 3, 4, 5)]
    await looking
    await inbox.service.engine.run_until_idle(["polls"])  # where a push had the source first
    await inbox.service.engine.run_until_idle(["pages"])

    row = await source_row(inbox.runtime, source)
    assert [status for status, _ in pushes] == [202] * 4
    assert (row.run_id, row.condition) == (None, "ok")
    assert len(names(folder / "done")) == 4
    assert len(await inbox.rows(select(entries.c.id))) == len(await inbox.rows(select(revisions.c.id))) == 6


async def test_a_push_waits_for_a_poll_that_is_about_to_end(
    inbox: InboxClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "_AGAIN", (0.02,) * 5000)  # on a busy machine, a release may take seconds
    monkeypatch.setattr(pushing, "PUSH_TIMEOUT", PATIENCE)
    async with inbox.runtime.database.write() as connection:
        [claimed] = await sources.claim(connection, "another run", [inbox.source])

    async def end() -> None:
        await asyncio.sleep(0.05)
        async with inbox.runtime.database.write() as connection:
            await sources.release(connection, claimed, "another run")

    (status, _), _ = await asyncio.gather(inbox.push(item("urn:a")), end())

    assert status == 202


async def test_a_database_outage_is_503_with_retry_after(inbox: InboxClient) -> None:
    async def rename(one: str, other: str) -> None:
        async with inbox.runtime.database.write() as connection:
            await connection.execute(text(f"ALTER TABLE {one} RENAME TO {other}"))

    await rename("sources", "away")
    async with inbox.client.post("/v1/inbox/wire", data=item("urn:a")) as reply:
        assert (reply.status, reply.headers["Retry-After"]) == (503, "60")
        assert (await reply.json())["detail"] == "the database or the disk is unavailable; see the log"
    await rename("away", "sources")

    assert (await inbox.push(item("urn:a")))[0] == 202


async def test_a_push_that_takes_too_long_is_503(inbox: InboxClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestd.pipeline.inbox.PUSH_TIMEOUT", 0.05)
    async with inbox.runtime.ingest.poller.push_lock(inbox.source):
        status, told = await inbox.push(item("urn:a"))

    assert status == 503
    assert "not committed" in told["detail"]
    monkeypatch.undo()
    assert (await inbox.push(item("urn:a")))[0] == 202


async def test_without_a_token_only_this_host_may_push_but_no_web_page(inbox: InboxClient) -> None:
    for headers in ({"X-Forwarded-For": "192.0.2.1"}, {"Origin": "https://evil.example"}):
        assert (await inbox.push(item("urn:a"), headers=headers))[0] == 403
    assert await inbox.rows(select(entries)) == []


@pytest.mark.parametrize(
    ("tokens", "good"),
    [({"inbox_token": TOKEN, "token": OTHERS}, TOKEN), ({"token": OTHERS}, OTHERS)],
    ids=["its-own", "that-of-v1"],
)
async def test_with_a_token_other_requests_are_refused(runtime: Runtime, tokens: dict[str, str], good: str) -> None:
    await add(runtime, "inbox:wire")
    service = Service(runtime, max_polls=1, max_pages=1, per_site=1)
    address = serve(
        Health(service),
        Listen(host="127.0.0.1", port=0),
        Access.with_token(**tokens),
    )
    statuses = {}
    async with address as base, aiohttp.ClientSession(base) as client:
        inbox = InboxClient(service, runtime, client, 1)
        no_text = b"\xff".decode(errors="surrogateescape")
        for given in (None, "wrong", no_text, TOKEN, OTHERS):
            headers = {"Authorization": f"Bearer {given}"} if given else {}
            statuses[given] = (await inbox.push(item("urn:a"), headers=headers))[0]

    assert statuses == {given: 202 if given == good else 401 for given in statuses}
