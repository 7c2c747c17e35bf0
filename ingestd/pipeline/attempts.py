"""Evaluate a failed attempt at an entry: whether it is retried, and when, or quarantined."""

import random
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import Disallowed, Held, IngestError, Refused
from ingestd.model.timing import Timing
from ingestd.pipeline.poll_schedule import AFTER_LOCAL_FAILURE
from ingestd.pipeline.retry import is_lasting_refusal
from ingestd.policy.polling.cadence import next_attempt
from ingestd.store.database import Database
from ingestd.store.operations.decisions import DecisionStage
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls import source_states
from ingestd.store.records.outcomes import Failed
from ingestd.store.work.entries import ClaimedEntry

#: Seconds until an entry is due whose source was removed; it is claimed then if the source is there again.
_AFTER_REMOVAL = 60.0


def failed_attempt(work: ClaimedEntry, at: datetime, timing: Timing, error: IngestError) -> Failed:
    """Return the outcome of a failed attempt at an entry that has no record; a local failure does not count as one."""
    attempt = work.attempts + (0 if error.local else 1)
    is_final = not error.local and (
        error.fate == "never" or attempt >= timing.attempts or _is_final_for_backfill(work, error)
    )
    delay = timing.retry_delay
    retry_at = next_attempt(
        at,
        attempt=max(1, attempt),
        first=min(AFTER_LOCAL_FAILURE, max(1.0, delay)) if error.local else delay,
        retry_after=_retry_after(error),
        jitter=random.random(),  # noqa: S311 - spreads load, not for security
    )
    failure = failure_of(
        error,
        stage=stage_of(error),
        at=at,
        attempt=max(1, attempt),
        url=work.entry.link,
        source_id=work.source_id,
        entry_id=work.id,
    )
    return Failed(
        work=work, at=at, failure=failure, attempts=attempt, retry_at=None if is_final else retry_at,
        reason=_quarantine_reason(error, attempt) if is_final else None,
    )  # fmt: skip


def _is_final_for_backfill(work: ClaimedEntry, error: IngestError) -> bool:
    """Return whether the server refuses a page of a backfill: unlike that of a new story, it is not yet to appear."""
    return work.backfill_id is not None and is_lasting_refusal(error)


def _quarantine_reason(error: IngestError, attempt: int) -> tuple[DecisionStage, str]:
    """Return the stage and the reason of the decision to quarantine an entry."""
    if isinstance(error, Disallowed):
        return "robots", error.reason
    if error.fate == "never" or (is_lasting_refusal(error) and attempt == 1):
        return "limit", str(error)
    return "limit", f"{attempt} attempts failed, the last one with {error}"


def _retry_after(error: IngestError | None) -> float | None:
    return error.retry_after if isinstance(error, Refused) else None


async def hold_without_source(database: Database, work: ClaimedEntry) -> None:
    """Do as `hold_if_removed`, in a transaction of its own."""
    async with database.read() as connection:
        await hold_if_removed(connection, work)


async def hold_if_removed(connection: AsyncConnection, work: ClaimedEntry) -> None:
    """Raise Held if the source of an entry was removed since the entry was claimed; it waits for the source."""
    if await source_states.is_removed(connection, work.source_id):
        raise source_removed(work)


def source_removed(work: ClaimedEntry) -> Held:
    """Return the error of an entry whose source was removed since the entry was claimed."""
    return Held(work.entry.link or "", "its source was removed", _AFTER_REMOVAL)
