"""Engine of deliveries: order, kills, failures and outages, against a receiver on the loopback."""

from typing import Any

from ingestd.model.consumer import Consumer
from ingestd.store.consumers import consumers
from ingestd.store.database import Database
from tests.delivery.conftest import Engines
from tests.delivery.receiving import Receiver
from tests.support.outcomes import NOON, keep_texts


async def add(database: Database, receiver: Receiver, kind: str = "post", **values: Any) -> Consumer:
    settings = {"url": receiver.url, **values.pop("settings", {})}
    async with database.write() as connection:
        return await consumers.add(
            connection, name=values.pop("name", "desk"), kind=kind, form="thin", settings=settings, now=NOON, **values
        )


async def found(database: Database, name: str = "desk") -> Consumer:
    async with database.read() as connection:
        return await consumers.find(connection, name)


async def test_a_consumer_gets_what_is_kept_and_what_comes(
    database: Database, receiver: Receiver, engines: Engines
) -> None:
    await keep_texts(database, "https://one.example/feed", *(f"Story {n}" for n in range(200)))
    await add(database, receiver, after=0)
    engine = await engines.start()
    await receiver.until(lambda: len(receiver.taken) == 200)

    await keep_texts(database, "https://two.example/feed", "Another story")
    engine.wake()
    await receiver.until(lambda: len(receiver.taken) == 201)

    assert sorted(seq for seq, _ in receiver.events()) == list(range(1, 202))

    await engines.stop(engine)
    assert (await found(database)).cursor == 201
