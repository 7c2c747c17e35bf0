"""Which events' answers may be shown: an endpoint may repeat the message that it was sent."""

from collections.abc import Collection

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import events, records, revisions
from ingestd.store.statements import chunks

#: Kinds of events whose messages have nothing of the record but its identifiers.
_WITHOUT_CONTENT = ("killed", "withheld", "purged", "merged")


async def shown_events(connection: AsyncConnection, seqs: Collection[int]) -> set[int]:
    """Return those of some events, by number, whose messages have nothing that is withheld, killed or purged now.

    Of events that are no longer kept nobody can tell: they are left out.
    """
    usable = (records.c.pubstatus == "usable") & (func.coalesce(revisions.c.pubstatus, "usable") == "usable")
    query = (
        select(events.c.seq)
        .join(records, records.c.id == events.c.record_id)
        .outerjoin(
            revisions, (revisions.c.record_id == events.c.record_id) & (revisions.c.revision == events.c.revision)
        )
        .where(or_(usable, events.c.kind.in_(_WITHOUT_CONTENT)))
    )
    found: set[int] = set()
    for some in chunks(sorted(seqs)):
        found.update((await connection.execute(query.where(events.c.seq.in_(some)))).scalars())
    return found
