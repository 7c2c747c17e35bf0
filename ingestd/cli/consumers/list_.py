"""`ingestd consumers list`."""

import asyncio
from typing import Any

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.delivery import management

_COLUMNS = ("name", "kind", "state", "cursor", "behind", "waiting", "blocked", "dead", "delivered_at", "reason")


def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the consumers, how far they are, and their failures.

    Exit status: 0 on success.
    """

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.read() as connection:
            return await management.summaries(connection)

    found = asyncio.run(work())
    if json:
        show_json(found)
        return
    if not found:
        note("no consumers; `ingestd consumers add NAME --kind KIND` adds one")
    show_table(_COLUMNS, [[one[column] for column in _COLUMNS] for one in found])
