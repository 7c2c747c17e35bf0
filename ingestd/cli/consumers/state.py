"""Pause and resume consumers."""

import asyncio
from pathlib import Path
from typing import Literal

from ingestd.cli.database import open_database
from ingestd.cli.output import show_result
from ingestd.store.consumers import consumers


def set_state(name: str, state: Literal["active", "paused"], config: Path | None, *, json: bool) -> None:
    """Set the state of a consumer and print it; raises NotFound, UsageError."""

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            return (await consumers.set_state(connection, name, state)).cursor

    cursor = asyncio.run(work())
    show_result(
        {"name": name, "state": state, "cursor": cursor}, f"consumer {name}: {state}, after event {cursor}", json=json
    )
