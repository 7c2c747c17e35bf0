"""/v1/stream: server-sent events that a client resumes, and that slow clients do not hold up."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from sqlalchemy import delete
from structlog.testing import capture_logs

from ingestd.daemon.health import Health
from ingestd.daemon.http.server import serve
from ingestd.daemon.http.v1.resources import stream as route
from ingestd.daemon.service import Service
from ingestd.delivery import streams
from ingestd.delivery.frames import Frame, Frames, Wanted, form_named
from ingestd.model.event import EventKind
from ingestd.settings import Listen
from ingestd.store.consumers import consumers
from ingestd.store.polls import sources
from ingestd.store.schema import tables
from ingestd.store.transfer.copy_state import begin_new_epoch
from tests.support.agency import NOON, keep_versions, ninjs
from tests.support.outcomes import keep_texts

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
EPOCH = "0b9a51f5-8f6c-4a63-a42c-a2cd5ee0a6a3"


@pytest.fixture
async def client(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    address = serve(Health(service), Listen(host="127.0.0.1", port=0))
    async with address as base, aiohttp.ClientSession(base) as client:
        yield client


class Reader:
    """A client that reads events."""

    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self.reply = reply
        self.last_id = ""

    async def block(self) -> dict[str, str]:
        """Return the fields of the next block; a comment is the field ''."""
        fields: dict[str, str] = {}
        async with asyncio.timeout(60):
            while line := (await self.reply.content.readline()).decode():
                if line == "\n":
                    self.last_id = fields.get("id", self.last_id)
                    return fields
                name, _, value = line.rstrip("\n").partition(":")
                fields[name] = value.removeprefix(" ")
        return {}

    async def next(self) -> dict[str, str]:
        """Return the fields of the next event; {}: the stream has ended."""
        while (fields := await self.block()) and "data" not in fields:
            pass
        return fields

    async def headlines(self, count: int) -> list[str]:
        return [json.loads((await self.next())["data"])["headline"] for _ in range(count)]


@asynccontextmanager
async def reading(client: aiohttp.ClientSession, last_id: str = "", **query: Any) -> AsyncIterator[Reader]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    timeout = aiohttp.ClientTimeout(total=None)
    async with client.get("/v1/stream", params=query, headers=headers, timeout=timeout) as reply:
        assert reply.status == 200, await reply.text()
        assert reply.content_type == "text/event-stream"
        reader = Reader(reply)
        await reader.block()  # where it starts
        yield reader


async def send(service: Service, *versions: dict[str, Any]) -> None:
    database = service.runtime.database
    async with database.write() as connection:
        source_id, _ = await sources.add(connection, "inbox:wire", now=NOW)
    await keep_versions(database, source_id, NOON, *versions)


async def test_messages_come_as_they_are_committed(service: Service, client: aiohttp.ClientSession) -> None:
    async with reading(client) as reader:
        await keep_texts(service.runtime.database, "https://paper.example/feed", "A ferry sinks", "A bridge opens")
        first = await reader.next()
        second = await reader.next()

    assert first["id"].endswith("-1")
    assert first["event"] == "new"
    message = json.loads(first["data"])
    assert (message["id"], message["seq"], message["record"]["headline"]) == (first["id"], 1, "A ferry sinks")
    assert json.loads(second["data"])["headline"] == "A bridge opens"


async def test_a_client_resumes_after_the_last_event_that_it_has(
    service: Service, client: aiohttp.ClientSession
) -> None:
    await keep_texts(service.runtime.database, "https://paper.example/feed", "One", "Two", "Three")
    async with reading(client, after=0, form="thin") as reader:
        assert await reader.headlines(2) == ["One", "Two"]
        last = reader.last_id

    async with reading(client, last_id=last, after=0, form="thin") as resumed:
        assert await resumed.headlines(1) == ["Three"]


async def test_a_comment_says_where_a_quiet_client_is(
    service: Service, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "COMMENT_EVERY", 0.05)
    await keep_texts(service.runtime.database, "https://paper.example/feed", "One", "Two")

    async with reading(client, after=0, filter="kind:killed") as reader:
        comment = await reader.block()
        while comment["id"].endswith("-0"):
            comment = await reader.block()

    assert comment[""] == "2"
    assert comment["id"].endswith("-2")
    assert "data" not in comment


async def test_an_identifier_of_another_epoch_is_gone(service: Service, client: aiohttp.ClientSession) -> None:
    async with client.get("/v1/stream", headers={"Last-Event-ID": f"{EPOCH}-0"}) as reply:
        problem = await reply.json()
    async with client.get("/v1/stream", headers={"Last-Event-ID": "rubbish"}) as rubbish:
        text = await rubbish.text()

    assert (reply.status, reply.content_type) == (410, "application/problem+json")
    assert problem["epoch"]
    assert "read the records themselves" in problem["detail"]
    assert rubbish.status == 400
    assert "Last-Event-ID" in text


async def test_events_that_are_no_longer_kept_are_gone(service: Service, client: aiohttp.ClientSession) -> None:
    await keep_texts(service.runtime.database, "https://paper.example/feed", "One", "Two", "Three")
    async with service.runtime.database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq <= 2))

    async with client.get("/v1/stream", params={"after": 1}) as reply:
        problem = await reply.json()

    assert reply.status == 410
    assert (problem["first_lost"], problem["last_lost"]) == (2, 2)


@pytest.mark.parametrize(("query", "named"), [({"form": "yaml"}, "thin, full"), ({"filter": "kind:"}, "kind"),
                                              ({"since": "1"}, "filter")])  # fmt: skip
async def test_a_wrong_parameter_is_named(client: aiohttp.ClientSession, query: dict[str, str], named: str) -> None:
    async with client.get("/v1/stream", params=query) as reply:
        assert reply.status == 400
        assert named in await reply.text()


async def test_each_client_gets_what_its_filter_lets_through(service: Service, client: aiohttp.ClientSession) -> None:
    database = service.runtime.database
    async with reading(client, form="thin", filter="ferry") as ferries:
        await keep_texts(database, "https://paper.example/feed", "A ferry sinks", "A bridge opens")
        assert await ferries.headlines(1) == ["A ferry sinks"]
        # The bridge was in nobody's filter when it was read.
        async with reading(client, form="thin", filter="bridge", after=0) as bridges:
            assert await bridges.headlines(1) == ["A bridge opens"]
            await keep_texts(database, "https://other.example/feed", "The bridge closes", "The ferry sails")
            assert await bridges.headlines(1) == ["The bridge closes"]
            assert await ferries.headlines(1) == ["The ferry sails"]


async def test_what_was_killed_before_it_is_written_is_left_out(
    service: Service, client: aiohttp.ClientSession
) -> None:
    await send(service, ninjs("urn:a", 1), ninjs("urn:b", 1), ninjs("urn:a", 2, pubstatus="canceled", body_text=""))

    async with reading(client, after=0) as reader:
        first, second = await reader.next(), await reader.next()

    assert [first["event"], second["event"]] == ["new", "killed"]
    assert json.loads(first["data"])["guid"] == "urn:b"
    assert json.loads(second["data"])["record"] is None


def frame(seq: int, record_id: int, kind: EventKind = "new") -> Frame:
    return Frame(seq=seq, record_id=record_id, kind=kind, content=b"<%d>" % seq, passes={Wanted(): True})


def test_a_waiting_message_is_dropped_when_its_kill_is_known() -> None:
    channel = streams.Channel(form_named("thin"), 0, EPOCH)
    channel.filters[Wanted()] += 1
    for some in ((frame(1, 7), frame(2, 8)), (frame(3, 7, "killed"),)):
        last = some[-1].seq
        channel.add(Frames(frames=some, wanted=frozenset({Wanted()}), after=last, newest=last, epoch=EPOCH))

    found = channel.after(0, Wanted())

    assert found
    assert (found.content, found.upto, found.messages) == (b"<2><3>", 3, 2)


def test_clients_at_one_place_share_what_is_written() -> None:
    channel = streams.Channel(form_named("thin"), 0, EPOCH)
    channel.filters[Wanted()] += 1
    some = (frame(1, 7), frame(2, 8))
    channel.add(Frames(frames=some, wanted=frozenset({Wanted()}), after=2, newest=2, epoch=EPOCH))

    first = channel.after(0, Wanted())

    assert first is not None
    assert channel.after(0, Wanted()) is first
    channel.add(Frames(frames=(frame(3, 7, "killed"),), wanted=frozenset({Wanted()}), after=3, newest=3, epoch=EPOCH))
    later = channel.after(0, Wanted())
    assert later is not None
    assert later.content == b"<2><3>"


async def test_a_client_behind_the_window_misses_nothing(
    service: Service, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "_WINDOW", 3)
    monkeypatch.setattr(streams, "_PAGE", 2)
    monkeypatch.setattr(streams, "_PAGE_BEHIND", 2)
    names = [f"Story {number}" for number in range(10)]
    async with reading(client, form="thin") as reader, reading(client, form="thin", after=0) as other:
        await keep_texts(service.runtime.database, "https://paper.example/feed", *names)

        assert await reader.headlines(10) == names
        assert await other.headlines(10) == names


async def test_a_client_ahead_of_what_is_kept_gets_nothing_twice(
    service: Service, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOOK_EVERY", 3600)
    monkeypatch.setattr(streams, "_PAGE_BEHIND", 2)
    names = [f"Story {number}" for number in range(5)]
    async with reading(client, form="thin") as reader:
        await keep_texts(service.runtime.database, "https://paper.example/feed", *names)
        async with reading(client, form="thin", after=0) as ahead:
            assert await ahead.headlines(2) == names[:2]
            service.streams.wake()
            assert await reader.headlines(5) == names
            assert await ahead.headlines(3) == names[2:]


async def test_a_client_that_reads_too_slowly_is_closed_and_resumes(
    service: Service, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route, "_WRITE_TIMEOUT", 0.05)
    monkeypatch.setattr(streams, "_CHUNK", 2**20)
    long = [f"{number} {'word ' * 100_000}" for number in range(40)]
    async with reading(client, after=0, form="thin") as slow:
        await keep_texts(service.runtime.database, "https://paper.example/feed", *long)
        async with asyncio.timeout(60):
            while not service.streams.too_slow:  # noqa: ASYNC110 - the route counts it, and tells nobody
                await asyncio.sleep(0.05)
        assert slow.reply.status == 200


async def test_a_commit_of_this_process_wakes_the_streams(
    service: Service, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LOOK_EVERY", 600)
    async with reading(client, form="thin") as reader:
        await keep_texts(service.runtime.database, "https://paper.example/feed", "A ferry sinks")
        service._wake_readers()
        assert await reader.headlines(1) == ["A ferry sinks"]


async def test_a_bug_of_the_reader_is_logged_and_its_clients_resume(
    service: Service, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> Frames:
        raise RuntimeError("bug")

    with capture_logs() as logged:
        async with reading(client, form="thin") as reader:
            with monkeypatch.context() as patch:
                patch.setattr(streams.Streams, "_page", fail)
                await keep_texts(service.runtime.database, "https://paper.example/feed", "A ferry sinks")
                assert await reader.next() == {}
    async with reading(client, last_id=reader.last_id, form="thin") as resumed:
        assert await resumed.headlines(1) == ["A ferry sinks"]
        await keep_texts(service.runtime.database, "https://other.example/feed", "A bridge opens")
        assert await resumed.headlines(1) == ["A bridge opens"]

    assert [(one["event"], one["doing"]) for one in logged if one["log_level"] == "error"] == [
        ("bug", "read the log for streams")
    ]


async def test_there_is_a_limit_of_clients(
    service: Service, client: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_OF_TOKEN", 1)
    async with reading(client):
        async with client.get("/v1/stream") as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
        assert service.streams.clients == 1


async def test_streams_end_when_the_daemon_stops(service: Service) -> None:
    server = serve(Health(service), Listen(host="127.0.0.1", port=0))
    base = await server.__aenter__()
    async with aiohttp.ClientSession(base) as client, reading(client) as reader:
        stopping = asyncio.create_task(server.__aexit__(None, None, None))
        assert await reader.next() == {}
        await stopping

    assert service.streams.clients == 0


async def add_consumer(service: Service, **values: Any) -> None:
    async with service.runtime.database.write() as connection:
        given: dict[str, Any] = {"name": "desk", "kind": "sse", "form": "thin", "after": 0} | values
        await consumers.add(connection, **given, now=NOW)


async def cursor(service: Service) -> int:
    async with service.runtime.database.read() as connection:
        return (await consumers.find(connection, "desk")).cursor


async def test_the_stream_of_a_consumer_starts_where_it_was(service: Service, client: aiohttp.ClientSession) -> None:
    database = service.runtime.database
    await add_consumer(service, filter="headline:ferry")
    await keep_texts(database, "https://paper.example/feed", "The ferry sinks", "A bridge opens")

    async with reading(client, consumer="desk") as reader:
        assert await reader.headlines(1) == ["The ferry sinks"]
    async with asyncio.timeout(60):
        while await cursor(service) < 2:  # noqa: ASYNC110 - written within a second
            await asyncio.sleep(0.05)
    await keep_texts(database, "https://other.example/feed", "Another ferry sails")

    async with reading(client, consumer="desk") as reader:
        assert await reader.headlines(1) == ["Another ferry sails"]


async def test_pausing_a_consumer_ends_its_stream(service: Service, client: aiohttp.ClientSession) -> None:
    await add_consumer(service)
    async with reading(client, consumer="desk") as reader:
        async with service.runtime.database.write() as connection:
            await consumers.set_state(connection, "desk", "paused")
        with pytest.raises(aiohttp.ClientPayloadError):  # the answer has no end
            await reader.next()

    async with client.get("/v1/stream", params={"consumer": "desk"}) as refused:
        assert refused.status == 409
        assert "is paused" in await refused.text()


@pytest.mark.parametrize(
    ("query", "status"),
    [({"consumer": "nobody"}, 404), ({"consumer": "desk", "form": "full"}, 400), ({"consumer": "other"}, 400)],
)
async def test_a_stream_that_is_none_of_a_consumer(
    service: Service, client: aiohttp.ClientSession, query: dict[str, str], status: int
) -> None:
    await add_consumer(service)
    await add_consumer(service, name="other", kind="pull")

    async with client.get("/v1/stream", params=query) as reply:
        assert reply.status == status


async def test_a_cursor_that_is_too_old_expires_the_consumer(service: Service, client: aiohttp.ClientSession) -> None:
    await keep_texts(service.runtime.database, "https://paper.example/feed", "One", "Two", "Three")
    await add_consumer(service, after=1)
    async with service.runtime.database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq <= 2))

    async with client.get("/v1/stream", params={"consumer": "desk"}) as reply:
        assert reply.status == 410
    async with service.runtime.database.read() as connection:
        assert (await consumers.find(connection, "desk")).state == "expired"


async def test_events_before_the_first_of_all_are_lost_too(service: Service, client: aiohttp.ClientSession) -> None:
    await keep_texts(service.runtime.database, "https://paper.example/feed", "One", "Two", "Three")
    await add_consumer(service)
    async with service.runtime.database.write() as connection:
        await connection.execute(delete(tables.events).where(tables.events.c.seq <= 2))

    async with client.get("/v1/stream", params={"consumer": "desk"}) as reply:
        problem = await reply.json()

    assert (reply.status, problem["first_lost"], problem["last_lost"]) == (410, 1, 2)


@pytest.mark.parametrize("query", [{}, {"after": 1}], ids=["its cursor", "a number"])
async def test_a_consumer_of_an_ended_epoch_is_refused_whatever_number_is_named(
    service: Service, client: aiohttp.ClientSession, query: dict[str, int]
) -> None:
    database = service.runtime.database
    await keep_texts(database, "https://paper.example/feed", "One", "Two", "Three")
    await add_consumer(service)
    async with database.write() as connection:
        await begin_new_epoch(connection)

    async with client.get("/v1/stream", params={"consumer": "desk", **query}) as reply:
        problem = await reply.json()
    async with database.read() as connection:
        consumer = await consumers.find(connection, "desk")

    assert reply.status == 410
    assert "read the records themselves" in problem["detail"]
    assert problem["epoch"] != consumer.epoch
    assert (consumer.state, consumer.cursor) == ("expired", 0)


async def test_a_head_request_takes_nothing(service: Service, client: aiohttp.ClientSession) -> None:
    await keep_texts(service.runtime.database, "https://paper.example/feed", "One")
    await add_consumer(service, kind="pull")

    async with client.head("/v1/stream") as stream, client.head("/v1/consumers/desk/events") as pulled:
        assert (stream.status, pulled.status) == (200, 200)
    async with client.get("/v1/consumers/desk/events") as taken:
        assert len((await taken.json())["messages"]) == 1
