"""What a caller may see: the filter of its token chooses among records and stories.

What a filter leaves out does not exist for the caller: it is in no list, and its address is not found.
"""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.daemon.http.v1.route import Call
from ingestd.errors import NotFound
from ingestd.store.consumers import candidates
from ingestd.store.records.record_list import Accept


def chosen_by(call: Call, *others: str) -> Accept | None:
    """Return the function that chooses records by the filter of the caller and by others; None: all are chosen.

    Only the first looks into what is withheld or killed: by the others, the caller could find out its words.

    Raises FilterError, and UsageError when one of the others is about events.
    """
    allowed = filters.parse(call.caller.filter)
    asked = [one for one in map(filters.parse_for_records, others) if one.expression is not None]
    if allowed.expression is None and not asked:
        return None
    fields = frozenset[str]().union(*(one.fields for one in asked))

    async def accept(connection: AsyncConnection, ids: Sequence[int]) -> Collection[int]:
        found = list(ids)
        if allowed.expression is not None:
            seen = await candidates.of_current(connection, found, allowed.fields, by_revisions=True)
            found = [id_ for id_, candidate in seen.items() if allowed.matches(candidate)]
        if asked and found:
            seen = await candidates.of_current(connection, found, fields)
            found = [id_ for id_, candidate in seen.items() if all(by.matches(candidate) for by in asked)]
        return set(found)

    return accept


async def visible(call: Call, connection: AsyncConnection, ids: Sequence[int]) -> Collection[int]:
    """Return those of some records that the caller may see."""
    accept = chosen_by(call)
    return set(ids) if accept is None else await accept(connection, ids)


async def check_record(call: Call, connection: AsyncConnection, record_id: int) -> None:
    """Raise NotFound, as for a record that does not exist, if the caller may not see one."""
    if record_id not in await visible(call, connection, [record_id]):
        raise NotFound(f"no record {call.path.id}; `ingestd records list` shows the latest records")
