"""A daemon that delivers to brokers, on both databases: both are killed, and nothing is lost."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update

from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema import tables
from tests.daemon.processes import Start, eventually, ingestd, rows
from tests.delivery.kinds.contract import Endpoint, assert_in_order, first_copies
from tests.support.brokers.debian import needs
from tests.support.brokers.kafka import KafkaCluster
from tests.support.brokers.nats import NatsServer
from tests.support.brokers.process import running
from tests.support.brokers.rabbitmq import BINARY as RABBITMQ
from tests.support.brokers.rabbitmq import RabbitmqServer
from tests.support.brokers.redis import BINARY as REDIS
from tests.support.brokers.redis import RedisServer
from tests.support.outcomes import NOON, keep_texts

RECORDS = 500
KILLED = range(10, RECORDS, 50)


@pytest.fixture(
    params=["nats", "kafka", pytest.param("rabbitmq", marks=needs(RABBITMQ)), pytest.param("redis", marks=needs(REDIS))]
)
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Endpoint]:
    folder = tmp_path / "broker"
    folder.mkdir()
    match request.param:
        case "kafka":
            cluster = KafkaCluster()
            yield cluster
            cluster.close()
        case name:
            server = {"nats": NatsServer, "rabbitmq": RabbitmqServer, "redis": RedisServer}[name](folder)
            async with running(server):
                yield server


async def test_a_kill_of_the_broker_and_one_of_the_daemon_lose_nothing(
    start: Start, config: Path, database_url: str, broker: Endpoint
) -> None:
    await write_events(database_url)
    settings = [word for key, value in broker.settings.items() for word in ("--set", f"{key}={value}")]
    kind = broker.kind.name
    add = ("consumers", "add", "desk", "--kind", kind, "--form", "thin", "--from-start", *settings)
    await asyncio.to_thread(ingestd, config, *add)

    daemon = await asyncio.to_thread(start)
    await until_cursor(database_url, 1)
    await broker.kill()
    daemon.kill()
    ahead = cursor(database_url)
    await broker.start()

    # Whatever the cursor has passed is there.
    passed = {seq for seq in expected() if seq <= ahead}
    assert passed <= {message.seq for message in await broker.received()}

    await asyncio.to_thread(start)
    await until_cursor(database_url, RECORDS * 2 + len(KILLED))
    received = await broker.received()
    assert {message.seq for message in received} == expected()
    assert broker.keeps_doubles or len(received) == len(expected())
    assert_in_order(first_copies(received))


def expected() -> set[int]:
    """Return the numbers of events that are delivered: of a killed record, its kill alone."""
    killed = {record + shift for record in KILLED for shift in (0, RECORDS)}
    return set(range(1, RECORDS * 2 + len(KILLED) + 1)) - killed


async def write_events(database_url: str) -> None:
    """Write a `new` and a `revised` of each record, and then the kills of some."""
    async with Database(with_async_driver(database_url)) as database:
        await keep_texts(database, "https://one.example/feed", *(f"Story {number}" for number in range(RECORDS)))
        c = tables.events.c
        async with database.write() as connection:
            first = (await connection.execute(select(c.record_id, c.entry_id).order_by(c.seq))).all()
            assert [record for record, _ in first] == list(range(1, RECORDS + 1))
            entries = dict(first)
            later = [(record, "revised", None) for record in entries]
            later += [(record, "killed", "canceled") for record in KILLED]
            await connection.execute(insert(tables.events), [
                {"seq": RECORDS + place, "record_id": record, "revision": 1, "kind": kind, "at": NOON,
                 "entry_id": entries[record], "pubstatus": status}
                for place, (record, kind, status) in enumerate(later, 1)
            ])  # fmt: skip
            killed = tables.records.c.id.in_(KILLED)
            await connection.execute(update(tables.records).where(killed).values(pubstatus="canceled"))


def cursor(database_url: str) -> int:
    [(found,)] = rows(database_url, "SELECT cursor FROM consumers")
    return int(found)


async def until_cursor(database_url: str, seq: int) -> None:
    """Wait in a thread: the broker's proxy runs in this one."""
    shown = "SELECT cursor, state, reason FROM consumers"
    await asyncio.to_thread(eventually, lambda: cursor(database_url) >= seq, lambda: rows(database_url, shown))
