"""Run an operator's decision about one record: `ingestd records kill` and `ingestd records release`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Protocol

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.cli.database import open_database
from ingestd.cli.output import show_result
from ingestd.cli.withheld import user_name
from ingestd.store.records import records

ReasonOption = Annotated[
    str | None, typer.Option("--reason", metavar="TEXT", help="Kept with the decision; `why` shows it.")
]


class Decision(Protocol):
    """A function that commits a decision; raises UsageError if the record's state does not allow it."""

    async def __call__(
        self, connection: AsyncConnection, record_id: int, *, actor: str, reason: str | None, now: datetime
    ) -> None:
        """Commit the decision of `actor` about a record."""


def decide(record: str, decision: Decision, state: str, *, reason: str | None, config: Path | None, json: bool) -> None:
    """Make a decision about a record in the name of the user, and print the state that it leads to."""

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            record_id = (await records.find(connection, record)).id
            await decision(connection, record_id, actor=user_name(), reason=reason, now=datetime.now(UTC))
            return record_id

    record_id = asyncio.run(work())
    show_result({"record": record_id, "state": state}, f"record {record_id}: {state}", json=json)
