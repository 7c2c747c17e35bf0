"""Failures of polls and entries, and quarantined entries."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import case, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import FetchError, IngestError, ParseError, Refused, StoreError, UnexpectedError, WorkerError
from ingestd.store.schema.tables import entries, failures, records, sources
from ingestd.store.schema.work_tables import QUARANTINED
from ingestd.store.statements import among, insert_all, one_of
from ingestd.store.work.shared_pages import needs_page
from ingestd.text import clean
from ingestd.urls import without_userinfo

FailureStage = Literal["fetch", "parse", "extract", "save", "bug"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A failed poll, or a failed attempt at an entry."""

    at: datetime
    stage: FailureStage
    #: Class name of the exception.
    error: str
    message: str
    #: HTTP status; None: the failure is not an HTTP error response.
    status: int | None
    #: 1 for the first failure in a row.
    attempt: int
    url: str | None
    source_id: int
    entry_id: int | None = None


def stage_of(error: IngestError, *, of_document: bool = False) -> FailureStage:
    """Return the stage at which an error occurs; workers parse documents (`of_document`) and extract pages."""
    if isinstance(error, FetchError):
        return "fetch"
    if isinstance(error, ParseError) or (of_document and isinstance(error, WorkerError)):
        return "parse"
    if isinstance(error, UnexpectedError):
        return "bug"
    return "save" if isinstance(error, StoreError) else "extract"


def failure_of(
    error: IngestError,
    *,
    stage: FailureStage,
    at: datetime,
    attempt: int,
    url: str | None,
    source_id: int,
    entry_id: int | None = None,
) -> Failure:
    """Return an error as a failure; the user-info of `url` is left out, the message cut to 1000 characters."""
    reason = error.reason if isinstance(error, FetchError) else str(error)
    return Failure(
        at=at,
        stage=stage,
        error=type(error).__name__,
        message=clean(reason)[:1000],
        status=error.status if isinstance(error, Refused) else None,
        attempt=attempt,
        url=without_userinfo(url) if url else None,
        source_id=source_id,
        entry_id=entry_id,
    )


def of_others(found: Iterable[Failure | None], others: Iterable[tuple[int, int, int]]) -> Iterator[Failure]:
    """Yield failures again for entries that share them: (entry that failed, other entry, its source)."""
    by_entry = {failure.entry_id: failure for failure in found if failure}
    for entry_id, other_id, source_id in others:
        yield replace(by_entry[entry_id], entry_id=other_id, source_id=source_id)


async def add(connection: AsyncConnection, found: Iterable[Failure | None]) -> None:
    """Insert failures; None is skipped."""
    rows = [
        {
            "at": item.at,
            "stage": item.stage,
            "error": item.error,
            "status": item.status,
            "message": item.message,
            "attempt": item.attempt,
            "url": item.url,
            "source_id": item.source_id,
            "entry_id": item.entry_id,
        }
        for item in found
        if item
    ]
    await insert_all(connection, failures, rows)


async def latest(
    connection: AsyncConnection,
    *,
    limit: int = 50,
    before: int | None = None,
    source_ids: Collection[int] | None = None,
    include_withheld: bool = False,
) -> list[dict[str, Any]]:
    """Return the latest failures, newest first, each with its source's URL; an entry's last one has its state.

    With `before`, those with lower numbers; with `source_ids`, those of these sources.

    Those of a withheld or killed record are without URL and message unless `include_withheld`.
    """
    later = failures.alias()
    is_last = ~exists().where(later.c.entry_id == failures.c.entry_id, later.c.id > failures.c.id)
    state = case((is_last, entries.c.state)).label("entry_state")
    query = (
        select(failures, sources.c.url.label("source_url"), state, records.c.pubstatus)
        .outerjoin(sources, sources.c.id == failures.c.source_id)
        .outerjoin(entries, entries.c.id == failures.c.entry_id)
        .outerjoin(records, records.c.id == entries.c.record_id)
        .order_by(failures.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(failures.c.id < before)
    if source_ids is not None:
        query = query.where(one_of(failures.c.source_id, source_ids))
    rows = (await connection.execute(query)).mappings()
    return [_shown(dict(row), include_withheld=include_withheld) for row in rows]


def _shown(row: dict[str, Any], *, include_withheld: bool) -> dict[str, Any]:
    hidden = row.pop("pubstatus") not in (None, "usable") and not include_withheld
    shown = {**row, "source_url": without_userinfo(row["source_url"] or "")}
    return {**shown, "url": None, "message": _WITHHELD} if hidden else shown


#: Stands for the message of a failure that may quote withheld content.
_WITHHELD = "(withheld)"


_of_entry = failures.alias()
_LAST = select(func.max(_of_entry.c.id)).where(_of_entry.c.entry_id == entries.c.id).scalar_subquery()

_QUARANTINED_ENTRIES = (
    select(
        entries.c.id, entries.c.guid, entries.c.url, entries.c.attempts, sources.c.url.label("source_url"),
        records.c.pubstatus, _LAST.label("last"),
    )
    .join(sources, sources.c.id == entries.c.source_id)
    .outerjoin(records, records.c.id == entries.c.record_id)
    .where(among(entries.c.id, "ids"))
    .order_by(entries.c.id)
)  # fmt: skip

_OF_FAILURE = ("at", "stage", "error", "status", "message")
_FAILURES = select(failures.c.id, *(failures.c[name] for name in _OF_FAILURE)).where(among(failures.c.id, "ids"))
_NO_FAILURE = dict.fromkeys(_OF_FAILURE)


async def list_quarantined(
    connection: AsyncConnection,
    *,
    limit: int = 1000,
    after: int = 0,
    source_ids: Collection[int] | None = None,
    include_withheld: bool = False,
) -> list[dict[str, Any]]:
    """Return the quarantined entries, each with its last failure, by id; with `after`, those with higher numbers.

    With `source_ids`, those of these sources.

    Those of a withheld or killed record are without URL and message unless `include_withheld`.
    """
    page = select(entries.c.id).where(QUARANTINED, entries.c.id > after).order_by(entries.c.id).limit(limit)
    if source_ids is not None:
        page = page.where(one_of(entries.c.source_id, source_ids))
    ids = list((await connection.execute(page)).scalars())
    rows = (await connection.execute(_QUARANTINED_ENTRIES, {"ids": ids})).mappings().all()
    last = [row["last"] for row in rows if row["last"] is not None]
    found = {row["id"]: row for row in (await connection.execute(_FAILURES, {"ids": last})).mappings()}
    return [
        _shown({**_NO_FAILURE, **found.get(row.pop("last"), {}), **row}, include_withheld=include_withheld)
        for row in map(dict, rows)
    ]


async def retry_quarantined(
    connection: AsyncConnection, entry_ids: Iterable[int] | None, *, now: datetime, source_id: int | None = None
) -> int:
    """Make quarantined entries pending again; returns how many.

    Those in `entry_ids` or all, of one source or of all.  Entries that share their page with one of them come along:
    one fetch is for all.
    """
    is_quarantined = entries.c.state == "quarantined"
    chosen = is_quarantined
    if entry_ids is not None:
        chosen &= entries.c.id.in_(list(entry_ids))
    if source_id is not None:
        chosen &= entries.c.source_id == source_id
    pages = select(func.coalesce(entries.c.address, entries.c.url)).where(chosen, needs_page(entries))
    of_page = func.coalesce(entries.c.address, entries.c.url).in_(pages)
    sharing = is_quarantined & of_page & needs_page(entries)
    # The entry's backfill may have ended: make it the daemon's work.
    result = await connection.execute(
        update(entries)
        .where(chosen | sharing)
        .values(state="pending", attempts=0, due_at=now, run_id=None, backfill_id=None)
    )
    return int(result.rowcount)
