"""`ingestd backfill list`."""

import asyncio
from collections.abc import Mapping
from typing import Any

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.store.work import backfills, runs
from ingestd.urls import without_userinfo


def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the backfills, newest first.

    Exit status: 0 on success.
    """

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.write() as connection:
            # Otherwise a killed backfill would still be listed as running.
            await runs.expire_dead(connection, runs.RunObserver())
            return [_as_json(row) for row in await backfills.list_all(connection)]

    rows = asyncio.run(work())
    if json:
        show_json(rows)
        return
    if not rows:
        note("no backfills yet; `ingestd backfill --help` lists the commands that begin one")
    columns = ("id", "kind", "state", "argument", "pending", "done", "quarantined", "updated_at", "message")
    show_table(columns, [[row[column] for column in columns] for row in rows])


def _as_json(row: Mapping[str, Any]) -> dict[str, Any]:
    interrupted = row["state"] == "running" and row["run_id"] is None
    return {
        "id": row["id"],
        "kind": row["kind"],
        "state": "interrupted" if interrupted else row["state"],
        "argument": without_userinfo(row["argument"]),
        "options": row["options"],
        **{state: row["entries"].get(state, 0) for state in ("pending", "done", "quarantined")},
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "message": row["message"],
    }
