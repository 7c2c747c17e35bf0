"""What a story says of its records."""

import pytest
from sqlalchemy import update

from ingestd.model.item import PubStatus
from ingestd.pipeline.stories.placer import Placer
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema.tables import copies, records
from ingestd.store.stories import listing
from tests.support.stories import cut, publish, report


@pytest.mark.parametrize("status", ["withheld", "canceled"])
async def test_what_a_text_names_is_not_shown_while_the_text_is_not(database_url: str, status: PubStatus) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", report(1))
        await publish(database, "https://paper.example/feed", cut(report(1), 4))
        await Placer(database).place_all()
        said = {"credits": ["AFP"], "named": ["quokka.example"], "origin_evidence": [["credited", "AFP"]]}
        async with database.write() as connection:
            await connection.execute(update(copies).where(copies.c.record_id == 2).values(said))
            await connection.execute(update(records).where(records.c.id == 2).values(pubstatus=status))

        async with database.read() as connection:
            [_, hidden] = (await listing.find(connection, 1)).copies
            [_, shown] = (await listing.find(connection, 1, include_withheld=True)).copies

    assert (hidden.credits, hidden.named, hidden.evidence) == ((), (), ())
    assert (shown.credits, shown.named, shown.evidence) == (("AFP",), ("quokka.example",), (("credited", "AFP"),))
