"""`ingestd db usage`."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_table
from ingestd.store.retention import usage as of
from ingestd.units import show_size


def usage(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print the sizes of tables and archive, and what bounds them.

    It counts all rows: seconds for each million.  Bytes a day are estimated from the rows of the last day.

    Exit status: 0 on success, 1 if the database cannot be used.
    """
    found = asyncio.run(_usage(config))
    if json:
        show_json(found)
    else:
        show_table(("", "rows", "bytes", "rows a day", "bytes a day", "bounded by"), _rows(found))


async def _usage(config: Path | None) -> dict[str, Any]:
    async with open_database(config) as database, database.read() as connection:
        tables = await of.table_usage(connection, now=datetime.now(UTC))
        archived = await of.raw_usage(connection)
        free = await of.free_bytes(connection)
    archive = {kind: {"documents": count, "bytes": size} for kind, (count, size) in sorted(archived.items())}
    return {"tables": [asdict(one) for one in tables], "archive": archive, "free": free}


def _rows(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in found["tables"]:
        gained = ("", "") if one["rows_a_day"] is None else (f"{one['rows_a_day']:,}", show_size(one["bytes_a_day"]))
        rows.append((one["table"], f"{one['rows']:,}", show_size(one["bytes"]), *gained, one["bounded_by"]))
    for kind, one in found["archive"].items():
        setting = "keep_feed_documents" if kind == "feed" else "keep_pages"
        rows.append((f"archive: {kind}", f"{one['documents']:,}", show_size(one["bytes"]), "", "", setting))
    rows.append(("free in the file", "", show_size(found["free"]), "", "", ""))
    return rows
