"""The client, against a daemon that is a process."""

import asyncio
import subprocess
import sys
from contextlib import aclosing

import pytest
from multidict import CIMultiDict

from ingestd.client import ApiError, ApiUnavailable, Batch, Client, CursorRefused, Message
from tests.client.conftest import TOKEN, Desk
from tests.support.newsroom import Answer, Newsroom
from tests.support.soak import FULL

EPOCH = "0b9a51f5-8f6c-4a63-a42c-a2cd5ee0a6a3"

#: Takes messages, says so, and waits to be killed.
READER = """
import asyncio, sys
from ingestd.client import Client
async def main():
    async with Client(sys.argv[1], sys.argv[2]) as client:
        batch = await client.pull("desk", wait=30)
        print(len(batch.messages), flush=True)
        await asyncio.sleep(600)
asyncio.run(main())
"""


async def take(client: Client, count: int, after: int | str | None = 0, **query: str) -> list[Message]:
    """Return the first messages of a stream."""
    found = list[Message]()
    async with asyncio.timeout(120), aclosing(client.events(after=after, **query)) as messages:
        async for message in messages:
            found.append(message)
            if len(found) == count:
                break
    return found


def said(messages: list[Message]) -> list[tuple[str, str]]:
    return [(message.data["guid"].removeprefix("urn:"), message.kind) for message in messages]


async def test_events_are_iterated_from_a_cursor(desk: Desk, client: Client) -> None:
    await desk.send(("a", 1), ("b", 1), ("b", 2, "canceled"), ("c", 1))

    found = await take(client, 3)

    assert said(found) == [("a", "new"), ("b", "killed"), ("c", "new")]
    assert [message.seq for message in found] == [1, 3, 4]
    assert found[0].data["record"]["body_text"] == "a says version 1 of what it has to say today."
    assert said(await take(client, 1, found[1].id)) == [("c", "new")]
    assert said(await take(client, 1, 0, filter="kind:new headline:c", form="thin")) == [("b", "killed")]


async def test_a_stream_is_resumed_when_the_daemon_was_killed(desk: Desk, client: Client) -> None:
    found = list[Message]()
    names = [f"item{number}" for number in range(100 if FULL else 6)]

    async def read() -> None:
        async with aclosing(client.events(after=0, form="thin")) as messages:
            async for message in messages:
                found.append(message)
                if len(found) == len(names):
                    return

    async with asyncio.timeout(240):
        reading = asyncio.create_task(read())
        for number, name in enumerate(names):
            await desk.send((name, 1))
            if number % 5 == 2:
                await asyncio.to_thread(desk.kill)
                await asyncio.to_thread(desk.start)
        await reading

    assert [message.seq for message in found] == list(range(1, len(names) + 1))


async def test_records_and_sources_are_lists(desk: Desk, client: Client) -> None:
    await desk.send(("a", 1), ("b", 1), ("c", 1))

    records = [record async for record in client.records(limit=2)]
    sources = [source async for source in client.sources()]
    one = await client.record(records[0]["id"])

    assert [record["guid"] for record in records] == ["urn:c", "urn:b", "urn:a"]
    assert one["headline"] == "c 1"
    assert all("inbox:wire" in source["url"] for source in sources)


async def test_a_consumer_is_read_and_acknowledged(desk: Desk, client: Client) -> None:
    await asyncio.to_thread(desk.run, "consumers", "add", "desk", "--kind", "pull", "--from-start")
    await desk.send(("a", 1), ("b", 1), ("c", 1))

    batch = await client.pull("desk", limit=2)
    await client.ack(batch, upto=batch.messages[0])
    found = list[Message]()
    async with asyncio.timeout(120), aclosing(client.consume("desk", limit=1)) as messages:
        async for message in messages:
            found.append(message)
            if len(found) == 1:
                await client.ack(batch)
            if message.seq == 3:
                break

    assert said(list(batch.messages)) == [("a", "new"), ("b", "new")]
    assert said(found) == [("c", "new")]


async def test_messages_of_a_lease_that_ended_come_again(desk: Desk, client: Client) -> None:
    await asyncio.to_thread(desk.run, "consumers", "add", "desk", "--kind", "pull", "--from-start", "--set", "lease=1")
    await desk.send(("a", 1), ("b", 1))
    found, lost = list[int](), list[Batch]()

    async with asyncio.timeout(120), aclosing(client.consume("desk", on_lost=lost.append)) as messages:
        async for message in messages:
            found.append(message.seq)
            if len(found) == 2:
                other = await client.pull("desk", wait=30)  # waits until the lease has expired
            if len(found) == 4:
                break

    assert found == [1, 2, 1, 2]
    assert [[message.seq for message in batch.messages] for batch in lost] == [[1, 2]]
    assert [message.seq for message in other.messages] == [1, 2]


async def test_a_reader_is_told_what_was_killed_while_it_had_it(desk: Desk, client: Client) -> None:
    await asyncio.to_thread(desk.run, "consumers", "add", "desk", "--kind", "pull", "--from-start")
    await desk.send(("a", 1), ("b", 1))
    found, overtaken = list[tuple[str, str]](), list[tuple[int, ...]]()

    async with asyncio.timeout(120), aclosing(client.consume("desk", on_overtaken=overtaken.append)) as messages:
        async for message in messages:
            found += said([message])
            if len(found) == 2:
                await desk.send(("a", 2, "canceled"))
            if len(found) == 3:
                break

    assert found == [("a", "new"), ("b", "new"), ("a", "killed")]
    assert overtaken == [(1,)]


async def test_what_a_killed_reader_held_goes_to_another(desk: Desk, client: Client) -> None:
    await asyncio.to_thread(desk.run, "consumers", "add", "desk", "--kind", "pull", "--from-start", "--set", "lease=1")
    await desk.send(("a", 1), ("b", 1))
    reader = await asyncio.create_subprocess_exec(
        sys.executable, "-c", READER, desk.address, TOKEN, stdout=subprocess.PIPE
    )
    assert reader.stdout
    assert await asyncio.wait_for(reader.stdout.readline(), 60) == b"2\n"
    reader.kill()
    await reader.wait()

    batch = await client.pull("desk", wait=30)  # waits until the lease has expired

    assert said(list(batch.messages)) == [("a", "new"), ("b", "new")]
    assert await client.ack(batch) == ()


async def test_a_wait_ends_when_a_message_comes(desk: Desk, client: Client) -> None:
    await asyncio.to_thread(desk.run, "consumers", "add", "desk", "--kind", "pull")
    waiting = asyncio.create_task(client.pull("desk", wait=30))

    await desk.send(("a", 1))

    assert said(list((await waiting).messages)) == [("a", "new")]


async def test_problems_are_errors(desk: Desk, client: Client) -> None:
    with pytest.raises(ApiError, match="404") as missing:
        await client.pull("nobody")
    with pytest.raises(CursorRefused) as expired:
        await take(client, 1, f"{EPOCH}-3")
    with pytest.raises(ApiError, match="form") as wrong:
        await take(client, 1, 0, form="yaml")
    async with Client(desk.address, "another token") as stranger:
        with pytest.raises(ApiError) as refused:
            await stranger.get("v1/events")

    assert (missing.value.status, wrong.value.status, refused.value.status) == (404, 400, 401)
    assert "no consumer nobody" in missing.value.detail
    assert expired.value.problem["epoch"] != EPOCH


async def test_a_busy_server_is_asked_again_when_it_says(newsroom: Newsroom) -> None:
    busy = Answer(status=429, body=b"{}", headers=CIMultiDict({"Retry-After": "0"}))
    url = newsroom.publish(
        "/v1/events", answers=[busy, busy, Answer(body=b'{"after": 7}', content_type="application/json")]
    )

    async with Client(url.removesuffix("/v1/events")) as client:
        found = await client.get("v1/events")

    assert found == {"after": 7}
    assert len(newsroom.requests) == 3


async def test_a_server_that_stays_busy_is_an_error(newsroom: Newsroom) -> None:
    url = newsroom.publish("/v1/events", status=503, body=b'{"detail": "the database is unavailable"}', Retry_After="0")

    async with Client(url.removesuffix("/v1/events"), tries=2) as client:
        with pytest.raises(ApiError, match="the database is unavailable"):
            await client.get("v1/events")

    assert len(newsroom.requests) == 2


async def test_a_daemon_that_is_away_is_an_error(unused_tcp_port: int) -> None:
    async with Client(f"http://127.0.0.1:{unused_tcp_port}", tries=1) as client:
        with pytest.raises(ApiUnavailable, match=r"127\.0\.0\.1"):
            await client.get("v1/events")
