"""Saving of wire items: each item is a record, each of its versions a revision.

A version needs no fetch and no extraction, so it is saved in the transaction of the poll that brought it.  So no
version is overtaken by a later one, and a kill does not wait in a queue.
"""

from collections.abc import Iterable, Mapping, Sequence

import structlog
from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.wire.versions import Effect
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.records import purge
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.records.wire_versions import IncomingVersion, WireVersions
from ingestd.store.schema.tables import entries

log = structlog.get_logger(__name__)


async def save_versions(connection: AsyncConnection, versions: Sequence[IncomingVersion]) -> dict[int, int]:
    """Save versions in the given order; the connection must hold `database.lock_records`.

    Returns the record id of each entry, by entry id; of an entry with several items, that of the last one.
    """
    unit_of_work = await UnitOfWork.open(connection)
    wire_versions = await WireVersions.open(connection, unit_of_work, versions)
    decided: list[Decision] = []
    record_ids: dict[int, int] = {}
    for incoming in versions:
        record_ids[incoming.entry_id], effect = wire_versions.add(incoming)
        decided += _decisions(incoming, record_ids[incoming.entry_id], effect)
    await unit_of_work.flush(connection)
    await decisions.add(connection, decided)
    return record_ids


async def mark_done(connection: AsyncConnection, record_ids: Mapping[int, int]) -> None:
    """Mark entries as done, each with its record: they need no fetch."""
    rows = [{"entry": entry_id, "record": record_id} for entry_id, record_id in record_ids.items()]
    if rows:
        await connection.execute(_MARK_DONE, rows)
        await purge.forget_purged(connection, record_ids)


_MARK_DONE = (
    update(entries)
    .where(entries.c.id == bindparam("entry"))
    .values(record_id=bindparam("record"), state="done", attempts=0, run_id=None)
)


def _decisions(incoming: IncomingVersion, record_id: int, effect: Effect) -> Iterable[Decision]:
    """Yield the decision about a version that changed the record.

    Logs content changed under the same version, and kills in words.
    """
    item = incoming.version.item
    if effect.change == "silent":
        log.warning("content changed under the same version", record=record_id, guid=item.guid, version=item.version)
    if effect.kill_words and effect.change not in ("same", "carried"):
        log.warning(
            "kill to confirm", record=record_id, guid=item.guid, version=item.version,
            next=f"withheld until `ingestd records kill {record_id}` or `ingestd records release {record_id}`",
        )  # fmt: skip
    if effect.change not in ("same", "carried"):
        reason = (
            f"record {record_id}: version {item.version} of {item.guid}, {_REASONS.get(effect.change, effect.change)}"
        )
        if effect.kill_words:
            reason += f'; it says "{effect.kill_words}", which `ingestd records kill` or `release` decides'
        yield Decision(
            at=incoming.at, entry_id=incoming.entry_id, stage="identity", verdict=effect.change, reason=reason
        )  # fmt: skip


_REASONS = {
    "new": "no record has its guid",
    "late": "older than the current one, or taken back by a kill; kept as history",
    "silent": "other content under the same version",
}
