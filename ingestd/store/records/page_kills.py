"""Withhold the records of pages whose headline takes the story back, until an operator decides."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import structlog
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.kill_phrases import find_kill_in_feed
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.records.outcomes import Carried, EntryOutcome, Saved
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import carriers, records
from ingestd.store.schema.tables import decisions as decisions_table

log = structlog.get_logger(__name__)


def words_of(outcome: EntryOutcome) -> list[str]:
    """Return the words by which the headlines of an entry and of its page take the story back; empty: they do not."""
    if not isinstance(outcome, Saved | Carried):
        return []
    on_page = outcome.article.headline if isinstance(outcome, Saved) else None
    found = (find_kill_in_feed(headline) for headline in (outcome.work.entry.headline, on_page))
    return list(dict.fromkeys(filter(None, found)))


async def withhold(
    connection: AsyncConnection, outcomes: Iterable[EntryOutcome], record_ids: Mapping[int, int]
) -> None:
    """Withhold the records of entries, given by entry, whose headline takes the story back.

    A record that was withheld for some words and released is not withheld for them again, whichever entry or revision
    has them.  Words that come while it is withheld are decided with it.
    """
    found = [(outcome, words) for outcome in outcomes if (words := words_of(outcome))]
    if not found:
        return
    unit_of_work = await UnitOfWork.open(connection)
    withheld: set[int] = set()
    for outcome, words in found:
        entry_id, record_id = outcome.work.id, record_ids.get(outcome.work.id)
        record = None if record_id is None else await _undecided(connection, record_id)
        if record is None:
            continue
        reasons = [_reason(record.id, one) for one in words]
        known = await _reasons(connection, record.id)
        new = [reason for reason in reasons if reason.casefold() not in known]
        if not new:
            continue
        await decisions.add(
            connection,
            [
                Decision(at=outcome.at, entry_id=entry_id, stage="identity", verdict="withheld", reason=reason)
                for reason in new
            ],
        )
        if record.pubstatus != "usable" or record.id in withheld:
            continue
        withheld.add(record.id)
        values = {"pubstatus": "withheld", "unconfirmed_kill_at": outcome.at, "updated_at": outcome.at}
        unit_of_work.update_record(record.id, **values)
        unit_of_work.set_status(record.id, [record.revision], "withheld")
        unit_of_work.add_event(
            record.id, record.revision, "withheld", entry_id=entry_id, at=outcome.at, pubstatus="withheld"
        )
    await unit_of_work.flush(connection)
    _warn(sorted(withheld))


async def _undecided(connection: AsyncConnection, record_id: int) -> Any:
    """Return the id, status and current revision of a record that is usable, or withheld for such words; else None."""
    c = records.c
    query = select(c.id, c.pubstatus, c.revision).where(
        c.id == record_id, or_(c.pubstatus == "usable", c.unconfirmed_kill_at.is_not(None)), c.purged_at.is_(None)
    )
    return (await connection.execute(query)).one_or_none()


def _reason(record_id: int, words: str) -> str:
    return f'record {record_id}: it says "{words}", which `ingestd records kill` or `release` decides'


async def _reasons(connection: AsyncConnection, record_id: int) -> set[str]:
    """Return the reasons, case-folded, for which the carriers of a record had it withheld before."""
    query = (
        select(decisions_table.c.reason)
        .join(carriers, carriers.c.entry_id == decisions_table.c.entry_id)
        .where(carriers.c.record_id == record_id, decisions_table.c.verdict == "withheld")
    )
    return {reason.casefold() for reason in (await connection.execute(query.distinct())).scalars()}


def _warn(record_ids: Sequence[int]) -> None:
    for record_id in record_ids:
        decide = f"withheld until `ingestd records kill {record_id}` or `ingestd records release {record_id}`"
        log.warning("kill to confirm", record=record_id, next=decide)
