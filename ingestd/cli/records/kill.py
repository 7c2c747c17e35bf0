"""`ingestd records kill`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.withheld import user_name
from ingestd.store.records import operator_decisions, records


def kill(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Number, guid or URL of a record.")],
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with the decision; `why` shows it.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Kill a record, as if its agency had killed it.

    It is `canceled` with all its revisions, shown nowhere without --include-withheld, and an event `killed` tells
    consumers to take it back. Its text stays; `records purge` erases it. Only a newer version of its agency undoes a
    kill. `records list --unconfirmed-kills` lists the records whose agency says in words that they are killed.

    Exit status: 0 on success, 2 if there is no such record or it is killed already.
    """

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            record_id = (await records.find(connection, record)).id
            now = datetime.now(UTC)
            await operator_decisions.kill(connection, record_id, actor=user_name(), reason=reason, now=now)
            return record_id

    record_id = asyncio.run(work())
    show_result({"record": record_id, "state": "killed"}, f"record {record_id}: killed", json=json)
