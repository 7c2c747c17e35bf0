"""The state that an outcome leaves its entry in."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import bindparam, case, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.records.outcomes import Carried, EntryOutcome, Failed, Saved, Untouched
from ingestd.store.schema.tables import entries
from ingestd.store.work.entries import entry_as_json, without_content

_FINISH = (
    update(entries)
    .where(entries.c.id == bindparam("entry_id"))
    .values(
        state=bindparam("state_"),
        attempts=bindparam("attempts_"),
        due_at=bindparam("due"),
        run_id=None,
        announced=bindparam("announced_"),
        record_id=bindparam("record"),
        etag=bindparam("etag_"),
        last_modified=bindparam("last_modified_"),
        visits=bindparam("visits_"),
        visited_at=bindparam("visited"),
        revisit_at=bindparam("revisit"),
        gone=bindparam("gone_"),
        gone_since=bindparam("gone_since_"),
    )
)


#: The entry is pending again, and the next outcome revises this record.
_LINK = (
    update(entries)
    .where(entries.c.id == bindparam("entry_id"))
    .values(record_id=bindparam("record"), claims=entries.c.claims + case((entries.c.run_id.is_(None), 1), else_=0))
)


async def link(connection: AsyncConnection, outcomes: Iterable[EntryOutcome], record_ids: dict[int, int]) -> None:
    """Give changed entries their records."""
    ids = [one.work.id for one in outcomes]
    rows = [{"entry_id": entry_id, "record": record_ids[entry_id]} for entry_id in ids if entry_id in record_ids]
    if rows:
        await connection.execute(_LINK, sorted(rows, key=lambda row: row["entry_id"]))


async def finish(connection: AsyncConnection, outcomes: Iterable[EntryOutcome], record_ids: dict[int, int]) -> None:
    """Give entries the states of their outcomes, and their records."""
    rows = [finished_row(outcome, record_ids) for outcome in outcomes]
    if rows:
        await connection.execute(_FINISH, sorted(rows, key=lambda row: row["entry_id"]))


def finished_row(outcome: EntryOutcome, record_ids: dict[int, int]) -> dict[str, Any]:
    """Return the parameters by which `finish` updates an entry."""
    work = outcome.work
    failed = isinstance(outcome, Failed)
    validators = (outcome.validators if isinstance(outcome, Saved | Untouched) else None) or work.validators
    visits = work.visits if isinstance(outcome, Failed) else outcome.visits
    entry = work.entry if failed else without_content(work.entry)
    state = "done"
    if isinstance(outcome, Failed):
        state = "quarantined" if outcome.retry_at is None else "pending"
    elif isinstance(outcome, Carried) and work.id not in record_ids:
        state = "pending"  # the record was deleted meanwhile: the page is fetched after all
    return {
        "entry_id": work.id,
        "state_": state,
        "attempts_": outcome.attempts if isinstance(outcome, Failed) else 0,
        "due": (outcome.retry_at if isinstance(outcome, Failed) else None) or outcome.at,
        "announced_": entry_as_json(entry),
        "record": record_ids.get(work.id, work.record_id),
        "etag_": validators.etag,
        "last_modified_": validators.last_modified,
        "visits_": visits.count,
        "visited": visits.last_at,
        "revisit": visits.next_at,
        "gone_": visits.gone,
        "gone_since_": visits.gone_since,
    }
