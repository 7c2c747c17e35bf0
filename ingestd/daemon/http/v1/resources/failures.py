"""Failures: /v1/failures."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from ingestd.daemon.http.v1.paging import page
from ingestd.daemon.http.v1.parameters import MAX_NUMBER, Answer, Body, Flag, Limit, Number, Parameters, limit
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.daemon.http.v1.visibility import seen_sources
from ingestd.errors import NotFound, UsageError
from ingestd.store.operations import failures
from ingestd.store.polls import sources


class FailuresQuery(Parameters):
    """Which failures."""

    quarantined: Flag = Field(False, description="The quarantined entries instead: no attempts are left.")
    limit: Limit = limit(50, 1000)
    before: Number | None = Field(None, description="Only failures with lower numbers.")
    after: Number | None = Field(None, description="With `quarantined`: only entries with higher numbers.")


class Failure(Answer):
    """A failed poll, or a failed attempt at an entry."""

    id: int
    at: datetime
    stage: str
    error: str
    status: int | None
    message: str
    attempt: int
    url: str | None
    source_id: int | None
    entry_id: int | None = Field(description="null: the poll failed.")
    source_url: str
    entry_state: str | None = Field(description="Of the last failure of an entry: its state now.")


class QuarantinedEntry(Answer):
    """An entry of which no attempts are left, with its last failure."""

    id: int
    guid: str
    url: str | None
    attempts: int
    source_url: str
    at: datetime | None
    stage: str | None
    error: str | None
    status: int | None
    message: str | None


async def list_failures(call: Call) -> object:
    """List failures, newest first, or the quarantined entries by number.

    Those of a record that is withheld or killed come without URL and message unless `include_withheld` is given. The
    Link header has the address of the next page.
    """
    query: FailuresQuery = call.query
    name, other = ("after", "before") if query.quarantined else ("before", "after")
    if getattr(query, other) is not None:
        raise UsageError(f"{other} is not for this list; use {name}")
    async with call.read() as connection:
        source_ids, most = await seen_sources(call, connection), query.limit + 1
        if query.quarantined:
            found = await failures.list_quarantined(
                connection,
                limit=most,
                after=query.after or 0,
                source_ids=source_ids,
                include_withheld=call.include_withheld,
            )
        else:
            found = await failures.latest(
                connection,
                limit=most,
                before=query.before,
                source_ids=source_ids,
                include_withheld=call.include_withheld,
            )
    shown = found[: query.limit]
    following = str(shown[-1]["id"]) if len(found) > query.limit else None
    return page(call, value=shown, following=following, name=name)


class Retried(Body):
    """Which quarantined entries to try again; without both, all."""

    entries: list[Annotated[int, Field(ge=0, le=MAX_NUMBER)]] | None = Field(
        None, min_length=1, max_length=1000, description="Numbers of entries."
    )
    source: str | None = Field(
        None, min_length=1, max_length=4096, description="Only entries of this source: its number or URL."
    )


class Due(Answer):
    """How many entries are due again."""

    due: int


async def retry_failures(call: Call) -> object:
    """Make quarantined entries due again, as `ingestd failures retry`.

    Quarantined entries of other sources at the same addresses come along. If none of the named entries is quarantined,
    the status is 404.
    """
    body: Retried = call.body
    async with call.write() as connection:
        source_id = (await sources.find(connection, body.source)).id if body.source is not None else None
        due = await failures.retry_quarantined(connection, body.entries, now=datetime.now(UTC), source_id=source_id)
    if body.entries and not due:
        raise NotFound("none of these entries is quarantined; /v1/failures?quarantined=true lists those that are")
    call.service.engine.nudge(["pages"])
    return {"due": due}


ROUTES = (
    Route(
        path="/v1/failures", handler=list_failures, tag="Failures", query=FailuresQuery,
        answer=list[Failure] | list[QuarantinedEntry], withheld=True, filtered=True,
    ),
    Route(
        method="POST", path="/v1/failures/retry", handler=retry_failures, tag="Failures", role="operate", body=Retried,
        answer=Due,
    ),
)  # fmt: skip
