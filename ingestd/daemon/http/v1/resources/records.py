"""Lists of records: /v1/records."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.daemon.http.v1.paging import decode, encode, page, refuse_probing
from ingestd.daemon.http.v1.parameters import Limit, Number, Parameters, Text, Time, limit
from ingestd.daemon.http.v1.record_models import RecordAnswer
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.daemon.http.v1.visibility import chosen_by, find_source, sight_of
from ingestd.filters.tokens import quoted
from ingestd.json import to_json
from ingestd.model.item import PubStatus
from ingestd.model.record import RecordSummary
from ingestd.renderers.record_forms import RECORD_FORMS
from ingestd.store.records import record_list, summaries
from ingestd.store.records.record_list import Chosen

#: Records in one answer.
_MAX_RECORDS = 500

Form = Literal["thin", "full", "ninjs"]

FormField: Any = Field(
    "full",
    description="How records are written: thin (what a list shows), full (all fields), ninjs (an IPTC ninjs item).",
)


def _event_or_time(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 18 else value


#: The number of an event, or a time.
EventOrTime = Annotated[Number | Time, BeforeValidator(_event_or_time)]


class RecordsQuery(Parameters):
    """Which records, and how they are written."""

    source: Text | None = Field(None, description="Only those that this source carries: its number or URL.")
    site: Text | None = Field(None, description="Only those that this site carries, as in news.example.")
    agency: Text | None = Field(None, description="Only those that this agency issued: its code or name.")
    language: Text | None = Field(None, description="Only those in this language; en is also en-GB.")
    since: EventOrTime | None = Field(
        None, description="Only those with an event after this number, or saved or revised from this time on."
    )
    until: EventOrTime | None = Field(
        None, description="Only those with an event up to this number, or saved or revised before this time."
    )
    status: Literal[PubStatus, "all"] | None = Field(None, description="Only those with this status; default: usable.")
    story: Number | None = Field(None, description="Only those of this story.")
    q: Text | None = Field(
        None,
        description='Words that must all occur; "a phrase" as it is, word* for any word that begins so. '
        "The best match then comes first.",
    )
    filter: Text | None = Field(None, description="Only those that a filter lets through, as that of a consumer.")
    limit: Limit = limit(50, _MAX_RECORDS)
    cursor: Text | None = Field(None, description="Where the page begins: from the Link header of the page before.")
    form: Form = FormField


async def list_records(call: Call) -> object:
    """List records, those saved or revised last first.

    The Link header has the address of the next page. A page may have fewer records than `limit`, or none, and still
    have a next one: an answer looks through a bounded number of rows. Records that are withheld or killed are left out
    unless `status` asks for them, and come without their content unless `include_withheld` is given.
    """
    query: RecordsQuery = call.query
    refuse_probing(call, query.status, "q")
    of_agency = f"agency:{quoted(query.agency, has_field=True)}" if query.agency else ""
    accept = chosen_by(call, of_agency, query.filter or "", site=query.site)
    kinds = (datetime, int) if query.q is None else (int, datetime, int)
    after: Any = decode(query.cursor, *kinds) if query.cursor else None
    async with call.read() as connection:
        source_id = await find_source(call, connection, query.source) if query.source else None
        found = await record_list.page(
            connection, _chosen(query, source_id), limit=query.limit, after=after, accept=accept
        )
        body = await _written(call, connection, found.ids, query.form)
    return page(call, body=body, following=encode(found.next) if found.next else None)


def _chosen(query: RecordsQuery, source_id: int | None) -> Chosen:
    since, until = query.since, query.until
    return Chosen(
        status=query.status or "usable",
        source_id=source_id,
        site=query.site,
        language=query.language,
        story=query.story,
        since=since if isinstance(since, datetime) else None,
        until=until if isinstance(until, datetime) else None,
        after_event=since if isinstance(since, int) else None,
        until_event=until if isinstance(until, int) else None,
        words=query.q,
    )


async def _written(call: Call, connection: AsyncConnection, ids: Sequence[int], form: Form) -> bytes:
    values: list[Any]
    sight, include_withheld = sight_of(call), call.include_withheld
    if form == "thin":
        lines = await summaries.of_records(connection, ids, include_withheld=include_withheld)
        values = [asdict(one) for one in await sight.of_summaries(connection, lines)]
    else:
        found = await record_list.read(connection, ids, include_withheld=include_withheld)
        found = await sight.of_records(connection, found)
        values = [RECORD_FORMS[form](one) for one in found]
    return to_json(values, indent=1).encode("utf-8", "replace")


ROUTES = (
    Route(
        path="/v1/records", handler=list_records, tag="Records", query=RecordsQuery,
        answer=list[RecordAnswer] | list[RecordSummary] | list[dict[str, Any]], withheld=True, cacheable=True,
        filtered=True,
    ),
)  # fmt: skip
