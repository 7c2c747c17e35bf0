"""Ask nodes to drain and to work again."""

import asyncio
from pathlib import Path
from typing import Literal

from ingestd.cli.database import open_database
from ingestd.cli.output import show_result
from ingestd.store.nodes import control


def set_state(name: str, state: Literal["active", "draining"], config: Path | None, *, json: bool) -> None:
    """Ask a node for a state and print the one that it has; raises NotFound, UsageError."""

    async def work() -> str:
        async with open_database(config) as database, database.write() as connection:
            return (await control.set_state(connection, name, state)).state

    shown = asyncio.run(work())
    show_result({"name": name, "state": shown}, f"node {name}: {shown}", json=json)
