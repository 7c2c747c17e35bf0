"""Pushes to one source: waiting ones are committed together, with the same results as one after the other."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from ingestd.errors import Busy, UnknownFormat
from ingestd.pipeline.inbox import Inbox
from ingestd.pipeline.runtime import Runtime
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.schema import tables
from tests.support.agency import add_inbox, events_of, kinds, ninjs, records_in, revisions_in
from tests.support.desk import OTHER, source_row
from tests.support.dropping import item


def inbox_of(runtime: Runtime) -> Inbox:
    return Inbox(run_id=runtime.run_id, claims=runtime.claims, database=runtime.database, poller=runtime.ingest.poller)


async def pushed_at_once(runtime: Runtime, source: int, *bodies: bytes) -> list[PollResult | BaseException]:
    """Push documents while another push holds the lock; return the result of each."""
    inbox = inbox_of(runtime)
    async with runtime.ingest.poller.push_lock(source):
        pushes = [asyncio.create_task(inbox.receive(source, body, content_type=None)) for body in bodies]
        await asyncio.sleep(0)
    return await asyncio.gather(*pushes, return_exceptions=True)


async def rows(runtime: Runtime, query: Any) -> Sequence[Any]:
    async with runtime.database.read() as connection:
        return (await connection.execute(query)).all()


async def test_waiting_pushes_share_a_commit(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    done = await pushed_at_once(runtime, source, *[item(f"urn:{n}", text=f"{n}. {OTHER}") for n in range(30)])

    assert [len(one.new) for one in done if isinstance(one, PollResult)] == [1] * 30
    assert len(await rows(runtime, select(tables.polls.c.at).distinct())) == 2  # twenty, and ten
    assert len(await rows(runtime, select(tables.polls.c.id))) == 30
    assert len(await rows(runtime, select(tables.entries.c.id))) == 30
    assert (await source_row(runtime, source)).run_id is None


async def test_an_unreadable_push_does_not_affect_the_others(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    for bad in (0, 1, 2):
        bodies = [item(f"urn:{bad}:{n}") for n in range(3)]
        bodies[bad] = b"<html><p>no wire</p></html>"
        done = await pushed_at_once(runtime, source, *bodies)
        assert [isinstance(one, UnknownFormat) for one in done] == [n == bad for n in range(3)]
        assert (await source_row(runtime, source)).run_id is None

    assert len(await rows(runtime, select(tables.failures.c.id))) == 3
    assert len(await rows(runtime, select(tables.entries.c.id))) == 6


async def test_if_an_item_is_pushed_twice_at_once_the_last_push_counts(runtime: Runtime) -> None:
    source = await add_inbox(runtime)

    done = await pushed_at_once(
        runtime, source, item("urn:a"), item("urn:a", "Ferry sinks"), item("urn:a", "Ferry sinks")
    )

    found = [(len(one.new), len(one.changed), one.known) for one in done if isinstance(one, PollResult)]
    assert found == [(1, 0, 0), (0, 1, 1), (0, 0, 1)]
    [(announced, state)] = await rows(runtime, select(tables.entries.c.announced, tables.entries.c.state))
    assert (announced["headline"], state) == ("Ferry sinks", "pending")


async def test_versions_that_are_pushed_at_once_are_all_saved(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    versions = [ninjs(version=n) for n in (1, 3, 2)] + [ninjs(version=4, pubstatus="canceled", body_text="")]

    await pushed_at_once(runtime, source, *[json.dumps(version).encode() for version in versions])

    assert [record.pubstatus for record in await records_in(runtime)] == ["canceled"]
    assert [change for _, change, _ in await revisions_in(runtime)] == ["new", "text", "late", "killed"]
    assert kinds(await events_of(runtime)) == ["new", "revised", "killed"]


async def test_a_push_that_times_out_does_not_cancel_the_others(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    inbox = inbox_of(runtime)
    async with runtime.ingest.poller.push_lock(source):
        first, *others = [
            asyncio.create_task(inbox.receive(source, item(f"urn:{n}"), content_type=None)) for n in range(3)
        ]
        await asyncio.sleep(0)
    for _ in range(3):  # now it holds the lock and has taken all of them
        await asyncio.sleep(0)
    first.cancel()

    assert all(isinstance(one, PollResult) for one in await asyncio.gather(*others))
    assert first.cancelled()
    assert (await source_row(runtime, source)).run_id is None


async def test_all_pushes_are_refused_while_another_process_has_the_source(runtime: Runtime) -> None:
    source = await add_inbox(runtime)
    async with runtime.database.write() as connection:
        await connection.execute(tables.sources.update().values(run_id="other"))

    done = await pushed_at_once(runtime, source, item("urn:a"), item("urn:b"))

    assert [type(one) for one in done] == [Busy, Busy]
