"""What a caller may see: the filter of its token chooses among records, stories and sources.

What a filter leaves out does not exist for the caller: it is in no list, and its address is not found.
"""

from collections.abc import Collection, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.route import Call
from ingestd.store.consumers import candidates
from ingestd.store.consumers.sight import Sight
from ingestd.store.polls import sources
from ingestd.store.records.record_list import Accept


def sight_of(call: Call) -> Sight:
    """Return what the filter of the caller's token lets it see."""
    return Sight(filters.parse(call.caller.filter))


async def seen_sources(call: Call, connection: AsyncConnection) -> set[int] | None:
    """Return the sources that the caller sees; None: all.

    Raises Problem if its filter chooses among records and not among sources: such a caller looks after none.
    """
    sight = sight_of(call)
    if sight.is_all:
        return None
    if not sight.names_sources:
        raise Problem(403, f"the filter of the token {call.caller.token!r} names no source or site; this needs one")
    return await sight.sources(connection)


async def find_source(call: Call, connection: AsyncConnection, name: str) -> int:
    """Return the number of a source by number or URL; raises NotFound, also if the caller does not see it."""
    source_id: int = (await sources.find(connection, name)).id
    sight = sight_of(call)
    if not sight.is_all and not await sight.sources(connection, [source_id]):
        raise sources.not_found(name)
    return source_id


def chosen_by(call: Call, *others: str, site: str | None = None) -> Accept | None:
    """Return the function that chooses records by the filter of the caller and by others; None: all are chosen.

    Only the first looks into what is withheld or killed: by the others, the caller could find out its words.  With
    `site`, a source that the caller sees must carry the record for that site.

    Raises FilterError, and UsageError when one of the others is about events.
    """
    sight = sight_of(call)
    asked = [one for one in map(filters.parse_for_records, others) if one.expression is not None]
    if sight.is_all and not asked:
        return None
    fields = frozenset[str]().union(*(one.fields for one in asked))

    async def accept(connection: AsyncConnection, ids: Sequence[int]) -> Collection[int]:
        found = list(ids)
        if not sight.is_all:
            found = sorted(await sight.records(connection, found))
            if site is not None:
                found = sorted(await sight.carried_for(connection, found, site))
        if asked and found:
            seen = await candidates.of_current(connection, found, fields)
            found = [id_ for id_, candidate in seen.items() if all(by.matches(candidate) for by in asked)]
        return set(found)

    return accept
