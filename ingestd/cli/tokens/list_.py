"""`ingestd tokens list`."""

import asyncio
from datetime import UTC, datetime

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.model.token import Token
from ingestd.store import tokens


def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the tokens of the API, without their secrets.

    The time of the last use is rounded down to the hour.

    Exit status: 0 on success, 2 if there is no database yet.
    """

    async def work() -> list[Token]:
        async with open_for_reading(config) as database, database.read() as connection:
            return await tokens.list_all(connection)

    now, columns = datetime.now(UTC), ("name", "role", "filter", "created_at", "expires_at", "expired", "used_at")
    rows = [
        (one.name, one.role, one.filter, one.created_at, one.expires_at, not one.is_valid(now), one.used_at)
        for one in asyncio.run(work())
    ]
    if json:
        show_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    if not rows:
        note("no tokens; `ingestd tokens add NAME --role read` adds one")
    show_table(columns, rows)
