"""Log kills, corrections, embargoes and releases, each as a line of its own, once they are committed."""

from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import after_commit
from ingestd.store.schema.tables import entries, records, sources
from ingestd.store.statements import chunks
from ingestd.urls import without_userinfo

log = structlog.get_logger(__name__)

_EVENTS = frozenset({"killed", "corrected", "withheld", "released"})


async def log_statuses(connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Log the rows of `events` that change whether or how a record may be shown, when the transaction commits.

    A line has the guid and the source and never a headline, which an embargo or a kill withholds.
    """
    named = [(name, row) for row in rows if (name := _name(row))]
    guids, urls = dict[int, str](), dict[int, str]()
    for some in chunks(sorted({row["record_id"] for _, row in named})):
        guid = func.coalesce(records.c.item_guid, records.c.guid)
        guids.update((await connection.execute(select(records.c.id, guid).where(records.c.id.in_(some)))).all())
    for some in chunks(sorted({row["entry_id"] for _, row in named})):
        query = select(entries.c.id, sources.c.url).join(sources, sources.c.id == entries.c.source_id)
        urls.update((await connection.execute(query.where(entries.c.id.in_(some)))).all())
    for name, row in named:
        source = without_userinfo(urls.get(row["entry_id"], ""))
        line = {"record": row["record_id"], "guid": guids.get(row["record_id"]), "source": source}
        after_commit(connection, lambda name=name, line=line: _log(name, line))  # type: ignore[misc]


def _name(row: Mapping[str, Any]) -> str | None:
    """Return the event to log: an item that arrives withheld or killed has the kind "new"."""
    if row["kind"] == "new":
        return {"withheld": "withheld", "canceled": "killed"}.get(row["pubstatus"] or "")
    return row["kind"] if row["kind"] in _EVENTS else None


def _log(name: str, line: Mapping[str, Any]) -> None:
    level = log.warning if name == "killed" else log.info
    level(name, **line)
