"""`ingestd backfill cancel`."""

import asyncio
from datetime import UTC, datetime

from ingestd.cli.backfill.options import NumberArgument
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.store.work import backfills


def cancel(number: NumberArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Cancel a backfill; its records stay.

    Entries that it has not fetched yet are dropped.

    Exit status: 0 on success, 2 if there is no such backfill.
    """

    async def work() -> int:
        async with open_database(config) as database:
            async with database.write() as connection:
                await backfills.cancel(connection, number, now=datetime.now(UTC))
            return await backfills.drop_pending(database, number)

    dropped = asyncio.run(work())
    line = f"backfill {number}: cancelled, {dropped} entries not fetched"
    show_result({"backfill": number, "state": "cancelled", "dropped": dropped}, line, json=json)
