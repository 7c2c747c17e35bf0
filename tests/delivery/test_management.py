"""Changes of consumers."""

from typing import Any

from ingestd.delivery import management
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import consumers
from ingestd.store.database import Database
from ingestd.store.schema import migrate
from tests.support.agency import NOON
from tests.support.statements import executed


async def test_settings_are_read_under_the_lock_under_which_they_are_changed(database_url: str) -> None:
    # Else of a rotation and a change at the same time one would be lost, on PostgreSQL; SQLite has one writer.
    await migrate.upgrade(database_url)
    settings: dict[str, Any] = {"url": "https://desk.example/in"}
    async with Database(with_async_driver(database_url)) as database, database.write() as connection:
        before = await management.add(
            connection, name="desk", kind="webhook", settings=settings, operator=Settings(), now=NOON
        )
        with executed(connection) as statements:
            await management.rotate(connection, "desk", now=NOON)
            await management.change(connection, "desk", settings={"timeout": 5}, operator=Settings())
        dialect = connection.dialect.name
        after = await consumers.find(connection, "desk")

    assert after.settings["previous_secret"] == before.settings["secret"]
    assert after.settings["timeout"] == 5
    if dialect == "postgresql":
        assert sum("FOR UPDATE" in text for text, _ in statements) == 2
