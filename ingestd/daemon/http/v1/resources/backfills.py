"""Backfills: /v1/backfills."""

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from ingestd.daemon.http.v1.paging import page
from ingestd.daemon.http.v1.parameters import Answer, Limit, Number, Parameters, limit
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.store.work import backfills


class BackfillsQuery(Parameters):
    """Which backfills."""

    limit: Limit = limit(50, 500)
    before: Number | None = Field(None, description="Only those with lower numbers.")


class Backfill(Answer):
    """A backfill, and its entries by state."""

    id: int
    kind: str
    state: str = Field(description="running, interrupted, failed, done or cancelled.")
    argument: str
    options: dict[str, Any]
    pending: int
    done: int
    quarantined: int
    created_at: datetime
    updated_at: datetime
    message: str | None


async def list_backfills(call: Call) -> object:
    """List the backfills, newest first, as `ingestd backfill list`.

    A backfill is a process of its own, which lasts for hours: `ingestd backfill sitemap`, `archive`, `urls` and `files`
    begin one and `ingestd backfill resume` continues it, on any host that reaches the database. The Link header has the
    address of the next page.
    """
    query: BackfillsQuery = call.query
    async with call.read() as connection:
        found = await backfills.list_all(connection, limit=query.limit + 1, before=query.before)
    shown = found[: query.limit]
    following = str(shown[-1]["id"]) if len(found) > query.limit else None
    return page(call, value=shown, following=following, name="before")


class BackfillPath(Parameters):
    """Which backfill."""

    id: Number = Field(description="Number of a backfill.")


class Cancelled(Answer):
    """A backfill that was cancelled."""

    backfill: int
    state: str
    dropped: int = Field(description="Entries that were not fetched.")


async def cancel_backfill(call: Call) -> object:
    """Cancel a backfill, as `ingestd backfill cancel`; its records stay.

    Entries that it has not fetched yet are dropped.
    """
    number = call.path.id
    async with call.write() as connection:
        await backfills.cancel(connection, number, now=datetime.now(UTC))
    dropped = await backfills.drop_pending(call.service.runtime.database, number)
    return {"backfill": number, "state": "cancelled", "dropped": dropped}


ROUTES = (
    Route(path="/v1/backfills", handler=list_backfills, tag="Backfills", query=BackfillsQuery, answer=list[Backfill]),
    Route(
        method="POST", path="/v1/backfills/{id}/cancel", handler=cancel_backfill, tag="Backfills", role="operate",
        parameters=BackfillPath, answer=Cancelled,
    ),
)  # fmt: skip
