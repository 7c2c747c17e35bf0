"""Export of records in batches, each read in a transaction of its own."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from ingestd.filters import Filter
from ingestd.model.record import Record
from ingestd.store.consumers import candidates
from ingestd.store.database import Database
from ingestd.store.records.records import SELECT_RECORDS, Status, filtered, readable
from ingestd.store.schema.tables import records

#: How long after its `updated_at` a change may become visible.  The time is taken before the commit, which waits up to
#: five minutes for a database that is unavailable (`pipeline.retry`).
LATE = timedelta(minutes=15)


async def export(
    database: Database,
    *,
    since: datetime | None = None,
    source_id: int | None = None,
    status: Status = "usable",
    matching: Filter | None = None,
    batch: int = 500,
) -> AsyncIterator[Record]:
    """Yield records by ascending id, reading `batch` at a time.

    While the caller works on a batch no transaction is open: an export that takes hours blocks no change of a table and
    keeps no deleted rows.  A record that changes meanwhile is yielded once, as it was when its batch was read.

    `matching` leaves out what a filter is against.

    `since` leaves out what was saved or revised earlier, by more than `LATE`: so a caller that passes the time of its
    last export gets every change since then, also one that was committed late, and some that it has already.
    """
    after, start = 0, since - LATE if since else None
    while True:
        query = filtered(SELECT_RECORDS, source_id, start, status).where(records.c.id > after)
        async with database.read() as connection:
            rows = (await connection.execute(query.order_by(records.c.id).limit(batch))).all()
            found = await readable(connection, rows)
            if matching is not None and matching.fields:
                seen = await candidates.of_records(connection, found, matching.fields)
                found = [record for record, one in zip(found, seen, strict=True) if matching.matches(one)]
        for record in found:
            yield record
        if len(rows) < batch:
            return
        after = rows[-1].record_id
