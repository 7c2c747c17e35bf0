"""Whether a poll result still counts: its run must have the claim that it was made under.

A run that was presumed dead may still be at work and deliver its results late, after another run has polled the source.
"""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.polls.poll_result import PollResult
from ingestd.store.schema.tables import sources
from ingestd.store.statements import chunks

#: current: the claim is the present one.  saved: an earlier attempt committed the result, but its answer was lost.
#: lost: the source was claimed, released or given back since.
ClaimState = Literal["current", "saved", "lost"]


async def lock_claims(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> list[ClaimState]:
    """Lock the sources of results, in the order of their ids; returns the state of the claim of each result."""
    rows: dict[int, Any] = {}
    for some in chunks(sorted({poll.source.id for poll in poll_results})):
        rows.update((row.id, row) for row in await connection.execute(_LOCK, {"polled": some}))
    ended: set[int] = set()
    states: list[ClaimState] = []
    for poll in poll_results:
        row = rows.get(poll.source.id)
        if row is not None and row.last_result == poll.id:
            states.append("saved")
        elif row is None or (row.run_id, row.claims) != (poll.run_id, poll.source.claim) or row.id in ended:
            states.append("lost")
        else:
            states.append("current")
            if not poll.keeps_claim:
                ended.add(row.id)
    return states


# Built once: to build it takes longer than to execute it.
_LOCK = (
    select(sources.c.id, sources.c.run_id, sources.c.claims, sources.c.last_result)
    .where(sources.c.id.in_(bindparam("polled", expanding=True)))
    .order_by(sources.c.id)
    .with_for_update(key_share=True)
)
