"""Gaps: /v1/gaps."""

from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import Field

from ingestd.daemon.http.v1.paging import decode, encode, page
from ingestd.daemon.http.v1.parameters import Answer, Body, Limit, Number, Parameters, Text, limit
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.daemon.http.v1.visibility import find_source, seen_sources
from ingestd.store.polls import gaps

State = Literal["open", "repaired", "accepted"]


class GapsQuery(Parameters):
    """Which gaps."""

    state: State | None = Field(None, description="Only those in this state.")
    source: Text | None = Field(None, description="Only those of this source: its number or URL.")
    limit: Limit = limit(100, 1000)
    cursor: Text | None = Field(None, description="Where the page begins: from the Link header of the page before.")


class Gap(Answer):
    """An interval in which entries of a source may have appeared and disappeared between polls."""

    id: int
    source_id: int
    from_at: datetime
    to_at: datetime
    older: str | None = Field(description="URL of older entries, from the document at the gap's end.")
    state: State
    attempts: int
    due_at: datetime | None
    found: int
    note: str | None
    closed_at: datetime | None
    source_url: str


async def list_gaps(call: Call) -> object:
    """List gaps, newest first.

    The Link header has the address of the next page.
    """
    query: GapsQuery = call.query
    after: Any = decode(query.cursor, datetime, int) if query.cursor else None
    async with call.read() as connection:
        source_ids = await seen_sources(call, connection)
        source_id = await find_source(call, connection, query.source) if query.source else None
        found = await gaps.list_all(
            connection,
            state=query.state,
            source_id=source_id,
            source_ids=source_ids,
            limit=query.limit + 1,
            after=after,
        )
    shown = found[: query.limit]
    following = encode((shown[-1]["from_at"], shown[-1]["id"])) if len(found) > query.limit else None
    return page(call, value=shown, following=following)


class GapPath(Parameters):
    """Which gap."""

    id: Number = Field(description="Number of a gap.")


class Reason(Body):
    """Why a gap is accepted."""

    note: str | None = Field(None, max_length=4000, description="Shown with the gap.")


class GapState(Answer):
    """The state of a gap."""

    gap: int
    state: State


async def accept_gap(call: Call) -> object:
    """Accept an open gap and stop the warnings about it.

    Lists and the coverage still show it. If there is no such open gap, the status is 404.
    """
    return await _close_or_retry(call, accepted=True)


async def repair_gap(call: Call) -> object:
    """Make an open gap due for repair: the daemon looks again for entries that may have been missed."""
    return await _close_or_retry(call, accepted=False)


async def _close_or_retry(call: Call, *, accepted: bool) -> object:
    note = call.body.note if accepted else None
    async with call.write() as connection:
        await gaps.accept_or_retry(connection, call.path.id, accepted=accepted, note=note, now=datetime.now(UTC))
    return {"gap": call.path.id, "state": "accepted" if accepted else "open"}


ROUTES = (
    Route(path="/v1/gaps", handler=list_gaps, tag="Sources", query=GapsQuery, answer=list[Gap], filtered=True),
    Route(
        method="POST", path="/v1/gaps/{id}/accept", handler=accept_gap, tag="Sources", role="operate",
        parameters=GapPath, body=Reason, answer=GapState,
    ),
    Route(
        method="POST", path="/v1/gaps/{id}/repair", handler=repair_gap, tag="Sources", role="operate",
        parameters=GapPath, answer=GapState,
    ),
)  # fmt: skip
