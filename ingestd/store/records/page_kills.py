"""Withhold the records of pages whose headline takes the story back, until an operator decides."""

from collections.abc import Iterable, Mapping, Sequence

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.kill_phrases import find_kill_in_feed
from ingestd.store.operations import decisions
from ingestd.store.operations.decisions import Decision
from ingestd.store.records.outcomes import Carried, EntryOutcome, Saved
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.schema.tables import events, records

log = structlog.get_logger(__name__)


def words_of(outcome: EntryOutcome) -> str | None:
    """Return the words by which the headline of an entry, or of its page, takes the story back; None: it does not."""
    if not isinstance(outcome, Saved | Carried):
        return None
    on_page = outcome.article.headline if isinstance(outcome, Saved) else None
    return find_kill_in_feed(outcome.work.entry.headline) or find_kill_in_feed(on_page)


async def withhold(
    connection: AsyncConnection, outcomes: Iterable[EntryOutcome], record_ids: Mapping[int, int]
) -> None:
    """Withhold the records of entries, given by entry, whose headline takes the story back.

    A revision that was withheld for an entry and released is not withheld for it again.
    """
    found = [(outcome, words) for outcome in outcomes if (words := words_of(outcome))]
    if not found:
        return
    unit_of_work, decided = await UnitOfWork.open(connection), list[Decision]()
    withheld: set[int] = set()
    for outcome, words in found:
        entry_id, record_id = outcome.work.id, record_ids.get(outcome.work.id)
        if record_id is None or record_id in withheld:
            continue
        revision = await _usable_revision(connection, record_id, entry_id)
        if revision is None:
            continue
        withheld.add(record_id)
        values = {"pubstatus": "withheld", "unconfirmed_kill_at": outcome.at, "updated_at": outcome.at}
        unit_of_work.update_record(record_id, **values)
        unit_of_work.set_status(record_id, [revision], "withheld")
        unit_of_work.add_event(record_id, revision, "withheld", entry_id=entry_id, at=outcome.at, pubstatus="withheld")
        reason = f'record {record_id}: it says "{words}", which `ingestd records kill` or `release` decides'
        decided.append(Decision(at=outcome.at, entry_id=entry_id, stage="identity", verdict="withheld", reason=reason))
    await unit_of_work.flush(connection)
    await decisions.add(connection, decided)
    _warn(sorted(withheld))


async def _usable_revision(connection: AsyncConnection, record_id: int, entry_id: int) -> int | None:
    """Return the current revision of a record that may be withheld; None: it may not, or was for this entry before."""
    c = records.c
    query = select(c.revision).where(c.id == record_id, c.pubstatus == "usable", c.purged_at.is_(None))
    revision = (await connection.execute(query)).scalar_one_or_none()
    if revision is None:
        return None
    before = select(events.c.seq).where(
        events.c.record_id == record_id,
        events.c.kind == "withheld",
        events.c.entry_id == entry_id,
        events.c.revision == revision,
    )
    return None if (await connection.execute(before.limit(1))).first() else int(revision)


def _warn(record_ids: Sequence[int]) -> None:
    for record_id in record_ids:
        decide = f"withheld until `ingestd records kill {record_id}` or `ingestd records release {record_id}`"
        log.warning("kill to confirm", record=record_id, next=decide)
