"""Coverage: /v1/coverage."""

from datetime import datetime
from typing import Any

from pydantic import Field

from ingestd.daemon.http.v1.paging import page
from ingestd.daemon.http.v1.parameters import Answer, Limit, Number, Parameters, Text, Time, limit
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.daemon.http.v1.visibility import find_source, seen_sources
from ingestd.store.polls import gaps

#: Sources in one answer.
_MAX_SOURCES = 1000


class CoverageQuery(Parameters):
    """The coverage of which source, in which interval."""

    source: Text | None = Field(None, description="Number or URL of a source; without it, all.")
    since: Time | None = Field(None, description="Start of the interval; without it, the source's first success.")
    until: Time | None = Field(None, description="End of the interval; without it, the source's last success.")
    after: Number = Field(0, description="Only sources with higher numbers.")
    limit: Limit = limit(_MAX_SOURCES, _MAX_SOURCES)


class Coverage(Answer):
    """The part of an interval in which a source was watched, and the gaps in it."""

    source: int
    url: str
    title: str | None
    state: str
    complete_from: datetime | None
    complete_until: datetime | None
    whole: bool
    gaps: list[dict[str, Any]]
    quarantined: int
    given_up: int


async def coverage(call: Call) -> object:
    """Return the coverage of one source or of all by number, with the gaps in the interval.

    The Link header has the address of the next page.
    """
    query: CoverageQuery = call.query
    async with call.read() as connection:
        source_ids = await seen_sources(call, connection)
        source_id = await find_source(call, connection, query.source) if query.source else None
        found = await gaps.coverage(
            connection, source_id, source_ids=source_ids, since=query.since, until=query.until, after=query.after,
            limit=query.limit + 1,
        )  # fmt: skip
    following = str(found[query.limit - 1]["source"]) if len(found) > query.limit else None
    return page(call, value=found[: query.limit], following=following, name="after")


ROUTES = (
    Route(
        path="/v1/coverage", handler=coverage, tag="Sources", query=CoverageQuery, answer=list[Coverage], filtered=True
    ),
)  # fmt: skip
