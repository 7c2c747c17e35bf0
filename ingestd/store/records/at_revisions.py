"""Records as they were at some of their revisions, for messages about events."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.record import Record
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.store.records.records import SELECT_RECORDS, readable
from ingestd.store.schema.tables import records, revisions
from ingestd.store.statements import chunks

#: A record's id, and the number of one of its revisions.
RecordRevision = tuple[int, int]

_AT = select(*SELECT_RECORDS.selected_columns).join_from(records, revisions, revisions.c.record_id == records.c.id)


async def read(connection: AsyncConnection, wanted: Iterable[RecordRevision]) -> dict[RecordRevision, Record]:
    """Return records at revisions; where one is no longer kept, with the current one.

    Left out are those that may not be shown: the record, or this revision of it, is withheld, killed or purged.
    """
    pairs = sorted(set(wanted))
    found: dict[RecordRevision, Record | None] = {}
    for some in chunks(pairs):
        at = _AT.where(tuple_(revisions.c.record_id, revisions.c.revision).in_(some))
        await _add(connection, (await connection.execute(at)).all(), found)
    lost = sorted({record_id for record_id, revision in pairs if (record_id, revision) not in found})
    current: dict[RecordRevision, Record | None] = {}
    for ids in chunks(lost):
        await _add(connection, (await connection.execute(SELECT_RECORDS.where(records.c.id.in_(ids)))).all(), current)
    by_id = {record_id: record for (record_id, _), record in current.items()}
    return {
        (record_id, revision): record
        for record_id, revision in pairs
        if (record := found.get((record_id, revision), by_id.get(record_id)))
    }


async def _add(
    connection: AsyncConnection, rows: Iterable[Row[Any]], found: dict[RecordRevision, Record | None]
) -> None:
    """Add records to `found`; None: this one may not be shown."""
    shown = []
    for row in rows:
        found[row.record_id, row.revision] = None
        if may_be_shown(row.pubstatus, row.revision_status):
            shown.append(row)
    for record in await readable(connection, shown):
        found[record.id, record.revision] = record
