"""A text that cannot be placed does not stop the others."""

from collections.abc import Sequence
from typing import Any

import pytest
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreCorrupt, StoreRefused
from ingestd.pipeline.stories.placer import Placer
from ingestd.pipeline.stories.placing import Placing
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.schema.tables import copies
from ingestd.store.stories.cursor import Cursor
from ingestd.store.stories.documents import StoredText
from tests.support.stories import publish, report

#: The record whose text fails.
POISON = 5


class Failing:
    """Raises an error whenever a batch has a record."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self.sizes: list[int] = []
        computed = Placing.computed

        async def fail(own: Placing, connection: AsyncConnection, at: Cursor, texts: Sequence[StoredText]) -> Any:
            self.sizes.append(len(texts))
            if any(text.record_id == POISON for text in texts):
                raise error
            return await computed(own, connection, at, texts)

        monkeypatch.setattr(Placing, "computed", fail)


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), StoreRefused("a value")], ids=["bug", "refused"])
async def test_a_text_that_cannot_be_placed_is_passed(
    database_url: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing = Failing(monkeypatch, error)
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", *map(report, range(1, 10)))
        placer = Placer(database, batch=16)

        with structlog.testing.capture_logs() as lines:
            assert await placer.place_all() == 8

        async with database.read() as connection:
            placed = (await connection.execute(select(copies.c.record_id).order_by(copies.c.record_id))).scalars().all()
    assert placed == [1, 2, 3, 4, 6, 7, 8, 9]
    assert failing.sizes == [9, 4, 5, 4, 1, 1, 1, 4]
    assert placer.passed == 1
    [line] = [line for line in lines if line["log_level"] == "error"]
    assert (line["event"], line["record"], line["exc_info"]) == ("record not placed in stories", POISON, error)


@pytest.mark.parametrize("error", [MemoryError(), StoreCorrupt("an index")], ids=["memory", "damaged"])
async def test_what_the_host_lacks_passes_no_text(
    database_url: str, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with Database(with_async_driver(database_url)) as database:
        await publish(database, "https://wire.example/feed", *map(report, range(1, 10)))
        placer = Placer(database)
        with monkeypatch.context() as broken:
            Failing(broken, error)
            for _ in range(5):
                with pytest.raises(type(error)):
                    await placer.place_next()

        assert await placer.place_all() == 9
    assert placer.passed == 0
