"""`ingestd records release`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.withheld import user_name
from ingestd.store.records import operator_decisions, records


def release(
    record: Annotated[str, typer.Argument(metavar="RECORD", help="Number, guid or URL of a record.")],
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with the decision; `why` shows it.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Release a withheld record.

    For one whose agency seemed to say in words that it is killed and did not, or to end an embargo before its time. An
    event `released` tells consumers to publish it. A killed record cannot be released.

    Exit status: 0 on success, 2 if there is no such record or it is not withheld.
    """

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            record_id = (await records.find(connection, record)).id
            now = datetime.now(UTC)
            await operator_decisions.release(connection, record_id, actor=user_name(), reason=reason, now=now)
            return record_id

    record_id = asyncio.run(work())
    show_result({"record": record_id, "state": "released"}, f"record {record_id}: released", json=json)
