"""Set the state of a source: what `pause`, `resume` and `remove` share."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from ingestd.cli.database import open_database
from ingestd.cli.output import show_result
from ingestd.store.polls import sources
from ingestd.urls import without_userinfo


def set_state(source: str, state: str, config: Path | None, *, json: bool) -> None:
    """Set the state of a source and print it; raises UsageError if there is no such source."""

    async def work() -> str:
        async with open_database(config) as database, database.write() as connection:
            row = await sources.find(connection, source)
            await sources.set_state(connection, row.id, state, now=datetime.now(UTC))
            return without_userinfo(row.url)

    url = asyncio.run(work())
    show_result({"url": url, "state": state}, f"{url}: {state}", json=json)
