"""What lists show of records, without their content."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.record import RecordSummary
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.store.records.records import CURRENT, Status, filtered
from ingestd.store.schema.tables import carriers, records, revisions
from ingestd.store.statements import among
from ingestd.store.stories.copies import STORY_OF


async def of_records(
    connection: AsyncConnection, ids: Sequence[int], *, include_withheld: bool = False
) -> list[RecordSummary]:
    """Return what a list shows of records, in the order of their numbers `ids`; no content is read.

    What is withheld or killed comes without headline and URL unless `include_withheld`.
    """
    query = _SUMMARY.where(among(records.c.id, "ids"))
    rows = (await connection.execute(query, {"ids": list(ids)})).all()
    found = {
        row.id: _summary(row, shown=include_withheld or may_be_shown(row.pubstatus, row.revision_status))
        for row in rows
    }
    return [found[id_] for id_ in ids if id_ in found]


async def newest(
    connection: AsyncConnection,
    *,
    limit: int,
    source_id: int | None = None,
    since: datetime | None = None,
    status: Status = "usable",
) -> list[RecordSummary]:
    """Return what a list shows of the records that `records.newest` would return; no content is read."""
    query = filtered(_SUMMARY, source_id, since, status)
    query = query.order_by(records.c.updated_at.desc(), records.c.id.desc()).limit(limit)
    return [_summary(row, shown=True) for row in (await connection.execute(query)).all()]


_CARRIERS = select(func.count()).where(carriers.c.record_id == records.c.id).correlate(records).scalar_subquery()

_SUMMARY = select(
    records.c.id, func.coalesce(records.c.item_guid, records.c.guid).label("guid"), records.c.uri, records.c.revision,
    records.c.pubstatus, revisions.c.pubstatus.label("revision_status"), revisions.c.headline,
    revisions.c.versioncreated, revisions.c.seen_at, STORY_OF, _CARRIERS.label("carriers"),
).join_from(records, revisions, CURRENT)  # fmt: skip


def _summary(row: Any, *, shown: bool) -> RecordSummary:
    return RecordSummary(
        id=row.id, guid=row.guid, uri=row.uri if shown else None, revision=row.revision, pubstatus=row.pubstatus,
        headline=row.headline if shown else None, at=row.versioncreated or row.seen_at, carriers=row.carriers,
        story=row.story,
    )  # fmt: skip
