"""Sources: /v1/sources."""

from datetime import UTC, datetime, timedelta

from ingestd.daemon.http.v1.parameters import Answer, Limit, Number, Parameters, limit
from ingestd.daemon.http.v1.route import Call, Route
from ingestd.store.operations import overview

#: Sources in one answer.
_MAX_SOURCES = 1000


class SourcesQuery(Parameters):
    """Which page of the sources."""

    after: Number = 0
    limit: Limit = limit(_MAX_SOURCES, _MAX_SOURCES)


class SourceProblem(Answer):
    """A source whose condition is not ok, or that is overdue."""

    id: int
    url: str
    title: str | None
    condition: str
    reason: str | None
    failures: int
    last_success_at: datetime | None
    next_attempt_at: datetime | None
    warnings: list[str]


async def problem_sources(call: Call) -> object:
    """List the sources whose condition is not ok or that are overdue, by number.

    At most `limit` after number `after`; an answer with fewer than `limit` is the last one.
    """
    query: SourcesQuery = call.query
    late = datetime.now(UTC) - timedelta(seconds=overview.OVERDUE)
    async with call.read() as connection:
        return await overview.sources_with_problems(connection, late=late, after=query.after, limit=query.limit)


ROUTES = (
    Route(path="/v1/sources", handler=problem_sources, tag="Sources", query=SourcesQuery, answer=list[SourceProblem]),
)
