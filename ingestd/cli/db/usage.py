"""`ingestd db usage`."""

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_table
from ingestd.cli.settings import load_settings
from ingestd.pipeline.runtime import make_archive
from ingestd.store.retention import usage as of
from ingestd.units import show_size

#: What bounds each kind of document in the archive.
_BOUNDS = {
    "feed": "keep_feed_documents", "page": "keep_pages", "wire": "keep_pages", "refused": "keep_failures",
    "robots": "kept for good", "loose": "keep_feed_documents, keep_pages", "index": "the documents",
}  # fmt: skip


def usage(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print the sizes of tables and archive, and what bounds them.

    It counts all rows: seconds for each million.  Bytes a day are estimated from the rows of the last day.  Of the
    archive it shows documents and bytes on the disk by kind: robots.txt files, refusals (answers without a body), loose
    files of earlier releases, and its index have lines of their own; what it gains a day is that of the busier of the
    last two days.

    Exit status: 0 on success, 1 if the database or the archive cannot be used.
    """
    found = asyncio.run(_usage(config))
    if json:
        show_json(found)
    else:
        show_table(("", "rows", "bytes", "rows a day", "bytes a day", "bounded by"), _rows(found))


async def _usage(config: Path | None) -> dict[str, Any]:
    settings = load_settings(config)
    async with open_for_reading(settings) as database, database.read() as connection:
        tables = await of.table_usage(connection, now=datetime.now(UTC))
        free = await of.free_bytes(connection)
    archived = await make_archive(settings).usage()
    archive = {
        one.kind: {
            "documents": one.documents, "bytes": one.size,
            "documents_a_day": one.documents_a_day, "bytes_a_day": one.size_a_day,
        }
        for one in archived
    }  # fmt: skip
    return {"tables": [asdict(one) for one in tables], "archive": archive, "free": free}


def _rows(found: dict[str, Any]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for one in found["tables"]:
        gained = ("", "") if one["rows_a_day"] is None else (f"{one['rows_a_day']:,}", show_size(one["bytes_a_day"]))
        rows.append((one["table"], f"{one['rows']:,}", show_size(one["bytes"]), *gained, one["bounded_by"]))
    for kind, one in found["archive"].items():
        documents, size = f"{one['documents']:,}", show_size(one["bytes"])
        gained = (f"{one['documents_a_day']:,}", show_size(one["bytes_a_day"]))
        rows.append((f"archive: {kind}", documents, size, *gained, _BOUNDS[kind]))
    rows.append(("free in the file", "", show_size(found["free"]), "", "", ""))
    return rows
