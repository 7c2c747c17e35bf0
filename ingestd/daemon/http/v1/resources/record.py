"""One record: /v1/records/{id}, its revisions, what they changed, and who carries it."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import structlog
from pydantic import Field
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.daemon.http.v1.paging import page
from ingestd.daemon.http.v1.parameters import Answer, Count, Limit, Parameters, Text, Time, limit
from ingestd.daemon.http.v1.record_models import RecordAnswer
from ingestd.daemon.http.v1.resources.records import Form, FormField
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.daemon.http.v1.visibility import sight_of
from ingestd.errors import NotFound, UnreadableContent, UsageError
from ingestd.model.record import Carrier, Record, RecordSummary
from ingestd.pipeline.revision_json import difference_as_json, revision_as_json
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.renderers.ninjs import as_ninjs
from ingestd.renderers.record_items import item_of_record
from ingestd.renderers.record_json import record_as_json
from ingestd.store.records import records
from ingestd.store.records.summaries import of_records as summaries_of
from ingestd.times import end_of_second

log = structlog.get_logger(__name__)


class RecordPath(Parameters):
    """Which record."""

    id: Text = Field(description="Number, guid or URL of a record; slashes in it are written %2F.")


class RecordQuery(Parameters):
    """Of which time, and in which form."""

    as_of: Time | None = Field(None, description="The record as it was at this time.")
    form: Form = FormField


async def show_record(call: Call) -> object:
    """Return a record.

    If it is withheld or killed, the answer has identifiers, times and status only, unless `include_withheld` is given.
    The names of a record that was merged into another lead to that one.
    """
    query: RecordQuery = call.query
    found = await _find(call, query.as_of)
    if query.form == "ninjs":
        return as_ninjs(item_of_record(found))
    if query.form == "full":
        return record_as_json(found)
    if query.as_of is not None:
        raise UsageError("form=thin has no as_of; leave one of them out")
    async with call.read() as connection:
        lines = await summaries_of(connection, [found.id], include_withheld=call.include_withheld)
        lines = await sight_of(call).of_summaries(connection, lines)
    if not lines:
        raise NotFound(f"no record {call.path.id}; it was deleted just now")
    return lines[0]


async def _find(call: Call, as_of: datetime | None = None) -> Record:
    when = end_of_second(as_of) if as_of else None
    async with call.read() as connection:
        found = await records.find(connection, call.path.id, as_of=when, include_withheld=call.include_withheld)
        sight = sight_of(call)
        is_seen = sight.is_all or await sight.revisions(connection, found, [found.revision])
        if not is_seen:
            raise NotFound(f"no record {call.path.id}; `ingestd records list` shows the latest records")
        return (await sight.of_records(connection, [found]))[0]


class RevisionsQuery(Parameters):
    """Which revisions."""

    as_of: Time | None = Field(None, description="Only those that were saved up to this time.")
    after: Count = Field(0, description="Only those with higher numbers.")
    limit: Limit = limit(20, 100)


async def list_revisions(call: Call) -> object:
    """List the revisions of a record, oldest first.

    What is withheld or killed comes without its content unless `include_withheld` is given. A revision that cannot be
    read is left out, and the log names it.
    """
    query: RevisionsQuery = call.query
    record = await _find(call)
    until = end_of_second(query.as_of) if query.as_of else None
    async with call.read() as connection:
        rows = await records.revisions_of(connection, record.id, until=until, after=query.after, limit=query.limit + 1)
        seen = await _seen(call, connection, record, [row.revision for row in rows])
    found = []
    for row in [row for row in rows[: query.limit] if row.revision in seen]:
        try:
            found.append(revision_as_json(row, hidden=_is_hidden(call, row)))
        except UnreadableContent as error:
            log.warning("revision left out", record=row.record_id, revision=row.revision, error=str(error))
    following = str(rows[query.limit - 1].revision) if len(rows) > query.limit else None
    return page(call, value=found, following=following, name="after")


async def _seen(call: Call, connection: AsyncConnection, record: Record, numbers: Sequence[int]) -> Collection[int]:
    """Return which revisions the caller sees: those that the filter of its token lets through."""
    sight = sight_of(call)
    return numbers if sight.is_all else await sight.revisions(connection, record, numbers)


def _is_hidden(call: Call, *rows: Row[Any]) -> bool:
    return not call.include_withheld and not all(may_be_shown(row.record_status, row.pubstatus) for row in rows)


class DifferenceQuery(Parameters):
    """Which revisions are compared."""

    from_: Count | None = Field(None, alias="from", description="A revision; default: the one before `to`.")
    to: Count | None = Field(None, description="Another revision; default: the current one.")


class Difference(Answer):
    """What changed from one revision of a record to another."""

    record: int
    from_: int = Field(alias="from")
    to: int
    #: How the revision `to` changed the one before it.
    change: str
    seen_at: datetime
    #: Lines of a unified diff: one for each field, then one for each paragraph.
    diff: list[str]


async def show_difference(call: Call) -> object:
    """Return what changed from one revision of a record to another, as lines of a unified diff.

    A line stands for a field or a paragraph. There are none if one of the revisions is withheld or killed, unless
    `include_withheld` is given.
    """
    query: DifferenceQuery = call.query
    found = await _find(call)
    async with call.read() as connection:
        numbers = sorted(await _seen(call, connection, found, await records.revision_numbers(connection, found.id)))
        to = found.revision if query.to is None else query.to
        start = max((one for one in numbers if one < to), default=to) if query.from_ is None else query.from_
        if missing := {start, to}.difference(numbers):
            raise NotFound(f"record {found.id} has no revision {min(missing)}; its last one is {max(numbers)}")
        rows = {row.revision: row for row in await records.revisions_of(connection, found.id, numbers=[start, to])}
    before, after = rows[start], rows[to]
    values = difference_as_json(before, after, hidden=_is_hidden(call, before, after))
    del values["revision"]
    return {"record": found.id, "from": start, "to": to, **values}


async def list_carriers(call: Call) -> object:
    """List who carries the text of a record, in the order in which they were seen.

    The URLs of pages are left out if the record is withheld or killed, unless `include_withheld` is given.
    """
    return record_as_json(await _find(call))["carriers"]


def _route(path: str, **of_route: Any) -> Route:
    return Route(
        path=f"/v1/records/{{id}}{path}", tag="Records", parameters=RecordPath, withheld=True, cacheable=True,
        filtered=True, errors=(404,), **of_route,
    )  # fmt: skip


ROUTES = (
    _route("", handler=show_record, query=RecordQuery, answer=RecordAnswer | RecordSummary | dict[str, Any]),
    _route("/revisions", handler=list_revisions, query=RevisionsQuery, answer=list[dict[str, Any]]),
    _route("/diff", handler=show_difference, query=DifferenceQuery, answer=Difference),
    _route("/carriers", handler=list_carriers, answer=list[Carrier]),
)
