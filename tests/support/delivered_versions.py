"""Versions of the items of an invented agency that are delivered by a daemon which is killed again and again."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from time import monotonic
from typing import Any

from ingestd.pipeline.read import listed_entries
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.workers.jobs import parse_feed
from tests.support import soak
from tests.support.agency import ninjs
from tests.support.soak import size

#: Items, and of these the ones that are corrected and killed: as many events in all, in full soak.ITEMS.
ITEMS = size(90, soak.ITEMS * 60 // 100)
CORRECTED, KILLED = size(40, soak.ITEMS * 39 // 100), size(10, soak.ITEMS // 100)

#: Versions that are stored in one transaction.
BATCH = size(1, 20)


async def write_events(database_url: str, some_versions: Iterable[dict[str, Any]], *, is_alone: bool) -> None:
    """Store versions of items as a daemon would.

    Unless this is alone, the database is left to a daemon for as long as each transaction took: SQLite's lock of the
    file is not fair, and a writer that wants it again at once hardly lets another process write.
    """
    rest = iter(some_versions)
    async with Database(with_async_driver(database_url), connections=1) as database:
        async with database.write() as connection:
            wire, _ = await sources.add(connection, "inbox:wire", now=datetime.now(UTC), title="Wire Example")
        while some := list(islice(rest, BATCH)):
            parsed = [parse_feed(json.dumps(one).encode(), "https://rig.example/", None) for one in some]
            began = monotonic()
            async with database.write() as connection:
                for feed in parsed:
                    await polls.add_entries(connection, wire, listed_entries(feed), now=datetime.now(UTC))
            if not is_alone:
                await asyncio.sleep(monotonic() - began)


def versions() -> Iterator[dict[str, Any]]:
    """Yield all versions: corrections and kills come some time after what they are about."""
    start = datetime(2026, 11, 28, tzinfo=UTC)
    behind = min(30, ITEMS // 3)
    for number in range(ITEMS + behind):
        if number < ITEMS:
            yield item(number, 1, start)
        earlier = number - behind
        if earlier >= 0 and happens(CORRECTED, earlier):
            yield item(earlier, 2, start, signals=["correction"], headline=f"Corrected {earlier}")
        if earlier >= 0 and happens(KILLED, earlier):
            yield item(earlier, 3, start, pubstatus="canceled", headline="KILL")


def happens(times: int, number: int) -> bool:
    """Return whether what happens to so many items, evenly spread, happens to this one."""
    return number * times // ITEMS != (number + 1) * times // ITEMS


def guid(number: int) -> str:
    return f"urn:newsml:rig.example:{number}"


def item(number: int, version: int, start: datetime, **fields: Any) -> dict[str, Any]:
    text = {"headline": f"Headline {number}", "body_text": f"Text {number} of version {version}."}
    created = start + timedelta(seconds=number, minutes=version)
    return ninjs(guid(number), version, created=created, **{**text, **fields})
