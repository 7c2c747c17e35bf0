"""What cannot work is said when a consumer is added, and not at its first message."""

from typing import Any

import pytest

from ingestd.delivery import management
from ingestd.errors import UsageError
from ingestd.settings import Settings
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import consumers
from ingestd.store.database import Database
from ingestd.store.schema import migrate
from tests.support.agency import NOON

FEED = {"hub": "https://hub.example/", "public": "true"}
PUBLIC = {"public_url": "https://news.example"}

REFUSED = {
    "relative folder": ("files", {"folder": "in"}, {}, "setting 'folder': should be a directory, as in /srv"),
    "one of several": ("nats", {"servers": "nats://one:4222,two"}, {}, "setting 'servers': should be nats://HOST:PORT"),
    "number": ("pull", {"lease": "2h"}, {}, "setting 'lease': should be less than or equal to 3600"),
    "address": ("webhook", {"url": "http://10.0.0.8/in"}, {}, "10.0.0.8 is a private address; set allow_networks"),
    "IPv6": ("webhook", {"url": "http://[::1]:8000/"}, {}, "::1 is a private address"),
    "short address": ("webhook", {"url": "http://127.1/"}, {}, "127.0.0.1 is a private address"),
    "localhost": ("webhook", {"url": "http://localhost:8000/"}, {}, "127.0.0.1 is a private address"),
    "hub": ("feed", {**FEED, "hub": "http://192.168.1.1/"}, PUBLIC, "'hub': 192.168.1.1 is a private address"),
    "hub of a feed with a token": ("feed", {"hub": "https://hub.example/"}, PUBLIC, "set public = true"),
    "hub without an address": ("feed", FEED, {}, "set public_url"),
    "no content": ("files", {"folder": "/srv/in", "format": "nitf"}, {}, "the form thin has no content"),
}  # fmt: skip

TAKEN = {
    "allowed": ("webhook", {"url": "http://10.0.0.8/in"}, {"allow_networks": ["10.0.0.0/8"]}),
    "localhost": ("webhook", {"url": "http://localhost:8000/"}, {"allow_networks": ["127.0.0.0/8"]}),
    # What a name resolves to is known when something is sent.
    "name": ("webhook", {"url": "https://desk.internal/in"}, {}),
    "hub": ("feed", FEED, PUBLIC),
    "messages": ("files", {"folder": "/srv/in", "format": "message"}, {}),
    "broker": ("kafka", {"servers": "127.0.0.1:9092"}, {}),
}  # fmt: skip


@pytest.fixture
async def database(tmp_path: Any) -> Any:
    url = f"sqlite:///{tmp_path}/ingestd.db"
    await migrate.upgrade(url)
    async with Database(with_async_driver(url)) as database:
        yield database


@pytest.mark.parametrize(("kind", "settings", "operator", "words"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_work_is_refused(
    database: Database, kind: str, settings: dict[str, Any], operator: dict[str, Any], words: str
) -> None:
    async with database.write() as connection:
        with pytest.raises(UsageError) as caught:
            await management.add(
                connection, name="desk", kind=kind, form="thin", settings=settings, operator=Settings(**operator),
                now=NOON,
            )  # fmt: skip
        assert await consumers.list_all(connection) == []

    assert words in str(caught.value)


@pytest.mark.parametrize(("kind", "settings", "operator"), TAKEN.values(), ids=TAKEN)
async def test_what_may_work_is_taken(
    database: Database, kind: str, settings: dict[str, Any], operator: dict[str, Any]
) -> None:
    async with database.write() as connection:
        await management.add(
            connection, name="desk", kind=kind, form="thin", settings=settings, operator=Settings(**operator), now=NOON
        )


async def test_a_setting_that_does_not_exist_cannot_be_unset(database: Database) -> None:
    operator = Settings()
    async with database.write() as connection:
        await management.add(connection, name="desk", kind="pull", settings={}, operator=operator, now=NOON)
        with pytest.raises(UsageError, match="the kind pull has no setting 'leese'; it has lease"):
            await management.change(connection, "desk", settings={"leese": None}, operator=operator)


async def test_a_change_is_refused_as_well(database: Database) -> None:
    settings, operator = {"folder": "/srv/in"}, Settings()
    async with database.write() as connection:
        await management.add(
            connection, name="desk", kind="files", form="full", settings=settings, operator=operator, now=NOON
        )
        with pytest.raises(UsageError, match="the form thin has no content"):
            await management.change(connection, "desk", form="thin", operator=operator)
        await management.change(connection, "desk", form="thin", settings={"format": "message"}, operator=operator)
        with pytest.raises(UsageError, match="the form thin has no content"):
            await management.change(connection, "desk", settings={"format": "nitf"}, operator=operator)
