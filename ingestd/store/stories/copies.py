"""What records say of their stories."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.story import NO_COPY, Copy
from ingestd.store.schema.tables import copies, records, stories
from ingestd.store.statements import chunks

_QUERY = select(copies, stories.c.first_record).join(stories, stories.c.id == copies.c.story_id)

#: The story of a record, in a query of `records`.
STORY_OF = select(copies.c.story_id).where(copies.c.record_id == records.c.id).scalar_subquery().label("story")


async def of_records(connection: AsyncConnection, record_ids: Sequence[int]) -> dict[int, Copy]:
    """Return the stories of records, and whose text they have there."""
    found = dict.fromkeys(record_ids, NO_COPY)
    for some in chunks(record_ids):
        for row in await connection.execute(_QUERY.where(copies.c.record_id.in_(some))):
            found[row.record_id] = _copy(row)
    return found


def _copy(row: Any) -> Copy:
    # Without an origin, a copy is one that an agency is credited for whose own document is not here.
    is_copy = row.origin_record is not None or (row.origin_agency is not None and row.agency is None)
    return Copy(
        story=row.story_id,
        copy_of=(row.via_record or row.origin_record or row.of_record) if is_copy else None,
        share=row.share if row.origin_record is not None else row.of_document if is_copy else None,
        origin_record=row.origin_record,
        first_carrier=row.first_record,
    )
