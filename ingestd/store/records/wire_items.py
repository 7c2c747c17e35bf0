"""Wire items, kept: their versions as revisions of one record each, and what becomes of it.

There is no page to fetch and nothing to extract, so versions are kept in the transaction of the poll that brought
them: none is lost between two others, and a kill has no queue to wait in.
"""

from collections.abc import Iterable, Mapping, Sequence

import structlog
from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.wire.versions import Step
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.records.wire_versions import IncomingVersion, WireVersions
from ingestd.store.schema.tables import entries

log = structlog.get_logger(__name__)


async def keep(connection: AsyncConnection, arrivals: Sequence[IncomingVersion]) -> dict[int, int]:
    """Keep versions in the order they are in; the connection has the lock that writers of records wait for.

    Returns which record each entry became, the last one where its versions are of several.
    """
    unit = await UnitOfWork.open(connection)
    wire_versions = await WireVersions.open(connection, unit, arrivals)
    made: list[Decision] = []
    of_record: dict[int, int] = {}
    for arrival in arrivals:
        of_record[arrival.entry_id], step = wire_versions.enter(arrival)
        made += _told(arrival, of_record[arrival.entry_id], step)
    await unit.close(connection)
    await decisions.add(connection, made)
    return of_record


async def finish(connection: AsyncConnection, of_record: Mapping[int, int]) -> None:
    """Note that entries are done, each with its record: what they announced was all."""
    rows = [{"entry": entry_id, "record": record_id} for entry_id, record_id in of_record.items()]
    if rows:
        await connection.execute(_FINISH, rows)


_FINISH = (
    update(entries)
    .where(entries.c.id == bindparam("entry"))
    .values(record_id=bindparam("record"), state="done", attempts=0, run_id=None)
)


def _told(arrival: IncomingVersion, record_id: int, step: Step) -> Iterable[Decision]:
    """Yield why a version became what it did; what is odd is logged as well."""
    item = arrival.version.item
    if step.change == "silent":
        log.warning("other content under the same version", record=record_id, guid=item.guid, version=item.version)
    if step.change not in ("same", "carried"):
        reason = f"record {record_id}: version {item.version} of {item.guid}, {_WHY.get(step.change, step.change)}"
        yield Decision(
            at=arrival.at, entry_id=arrival.entry_id, stage="identity", verdict=step.change, reason=reason
        )  # fmt: skip


_WHY = {
    "new": "no record has its guid",
    "late": "older than the current one, or taken back by a kill: history",
    "silent": "other content under the same version",
}
