"""Sources: /v1/sources."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from ingestd.daemon.http.v1.paging import page
from ingestd.daemon.http.v1.parameters import Answer, Body, Flag, Limit, Number, Parameters, Text, limit
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.route import Call, Reply, Route
from ingestd.daemon.http.v1.visibility import find_source, seen_sources
from ingestd.errors import UsageError
from ingestd.model.typed_url import typed_source_url
from ingestd.pipeline.add_source import add_unread, fetch_and_add
from ingestd.policy.polling.fixed_interval import fixed_interval
from ingestd.store.operations import listed_sources, overview
from ingestd.store.operations.listed_sources import Only
from ingestd.store.polls import sources
from ingestd.urls import is_folder, is_inbox, is_remote_folder, without_userinfo

#: Sources in one answer.
_MAX_SOURCES = 1000


class SourcesQuery(Parameters):
    """Which sources."""

    problems: Flag = Field(False, description="Only those whose condition is not ok, that are overdue, or that moved.")
    only: Only | None = Field(None, description="Only those in this condition, as `ingestd sources list --only`.")
    site: Text | None = Field(None, description="Only those of this site, as in news.example.")
    after: Number = Field(0, description="Only those with higher numbers.")
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


class SourceLine(SourceProblem):
    """A source."""

    entries: int
    last_polled_at: datetime | None


async def list_sources(call: Call) -> object:
    """List the sources by number, as `ingestd sources list`.

    The Link header has the address of the next page. A page may have fewer sources than `limit`, or none, and still
    have a next one: an answer looks through a bounded number of sources.
    """
    query: SourcesQuery = call.query
    now = datetime.now(UTC)
    if not query.problems:
        async with call.read() as connection:
            source_ids = await seen_sources(call, connection)
            found, following = await listed_sources.page(
                connection, wanted=query.only, site=query.site, source_ids=source_ids, now=now, after=query.after,
                limit=query.limit,
            )  # fmt: skip
        return page(call, value=found, following=str(following) if following else None, name="after")
    if query.only or query.site:
        raise UsageError("problems=true lists all problems; leave out only and site")
    late = now - timedelta(seconds=overview.OVERDUE)
    async with call.read() as connection:
        source_ids = await seen_sources(call, connection)
        found = await overview.sources_with_problems(
            connection, late=late, source_ids=source_ids, after=query.after, limit=query.limit
        )
    following = found[-1]["id"] if len(found) == query.limit else None
    return page(call, value=found, following=str(following) if following else None, name="after")


class SourcePath(Parameters):
    """Which source."""

    id: Text = Field(description="Number or URL of a source; slashes in it are written %2F.")


async def show_source(call: Call) -> object:
    """Return a source with its warnings, its recent polls and its WebSub hub, as `ingestd sources show`."""
    async with call.read() as connection:
        await seen_sources(call, connection)
        source_id = await find_source(call, connection, call.path.id)
        return await listed_sources.details(connection, str(source_id))


class NewSource(Body):
    """A source to add."""

    url: str = Field(
        min_length=1, max_length=4096, description="Feed, sitemap, web page that names its feeds, or inbox:NAME."
    )
    title: str | None = Field(None, max_length=1000, description="Title to list the source under.")
    interval: str | None = Field(None, max_length=100, description="Poll at this fixed interval, as in 30m.")
    unchecked: bool = Field(False, description="Add the source without fetching it first.")


class AddedSource(Answer):
    """A source that was asked for."""

    id: int
    url: str
    new: bool = Field(description="false if it existed before.")
    entries: int | None = Field(description="Entries in its feed; null if it was not fetched.")
    changed: list[str] = Field([], description="What a source that existed has taken.")


async def add_source(call: Call) -> object:
    """Add a source, or the feeds that a web page names, as `ingestd sources add`.

    The feed is fetched and its entries are stored: this is the first poll. If it cannot be read, nothing is added, and
    the status is 422. A source that exists already gets the title and interval that are given. Drop folders on the
    daemon's host are added by the command, on that host.
    """
    body: NewSource = call.body
    runtime = call.service.runtime
    try:
        url = typed_source_url(body.url)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if is_folder(url) and not is_remote_folder(url):
        raise Problem(403, "a folder on the daemon's host is added on that host, with `ingestd sources add FOLDER`")
    interval = _interval(call, body.interval, url) if body.interval is not None else None
    if body.unchecked or is_folder(url) or is_inbox(url):
        added = await add_unread(runtime.database, [(url, body.title)], named=url, interval=interval)
    else:
        added = await fetch_and_add(runtime, url, title=body.title, interval=interval)
    call.service.engine.nudge(["polls"])
    call.service.engine.nudge(["pages"])
    return Reply(value=[one.as_json() for one in added], status=201 if any(one.new for one in added) else 200)


def _interval(call: Call, text: str, url: str) -> float:
    return fixed_interval(text, url, floor=call.service.runtime.ingest.timing.interval_floor)


class SourceChange(Body):
    """What to change; what is left out stays as it is."""

    title: str | None = Field(None, max_length=1000, description="Title to list the source under.")
    interval: str | None = Field(
        None, max_length=100, description="Poll at this fixed interval, as in 30m; auto: adapt to the source."
    )
    robots: bool | None = Field(None, description="Whether to obey robots.txt when fetching the feed itself.")
    revisits: bool | None = Field(None, description="Whether the pages of its articles are fetched again later.")


async def change_source(call: Call) -> object:
    """Change the title, interval or options of a source, as `ingestd sources set`."""
    body: SourceChange = call.body
    values: dict[str, Any] = {}
    for name, column in (("title", "title"), ("robots", "obeys_robots"), ("revisits", "revisits")):
        if (value := getattr(body, name)) is not None:
            values[column] = value
    if not values and body.interval is None:
        raise Problem(422, "nothing to change: give title, interval, robots or revisits")
    async with call.write() as connection:
        row = await sources.find(connection, call.path.id)
        if body.interval is not None:
            values["interval"] = None if body.interval == "auto" else _interval(call, body.interval, row.url)
        if body.robots is not None and not row.url.startswith("http"):
            raise UsageError(f"{without_userinfo(row.url)} has no robots.txt; leave out robots")
        await sources.change(connection, row.id, **values)
    return {"id": row.id, "url": without_userinfo(row.url), **values}


class SourceState(Answer):
    """The state of a source."""

    id: int
    url: str
    state: str


async def remove_source(call: Call) -> object:
    """Remove a source; its entries and records stay."""
    return await _set_state(call, "removed")


async def pause_source(call: Call) -> object:
    """Pause a source; it is not polled until it is resumed."""
    return await _set_state(call, "paused")


async def resume_source(call: Call) -> object:
    """Resume a paused source and poll it at once."""
    found = await _set_state(call, "active")
    call.service.engine.nudge(["polls"])
    return found


async def _set_state(call: Call, state: str) -> object:
    async with call.write() as connection:
        row = await sources.find(connection, call.path.id)
        await sources.set_state(connection, row.id, state, now=datetime.now(UTC))
    return {"id": row.id, "url": without_userinfo(row.url), "state": state}


async def poll_source(call: Call) -> object:
    """Poll a source now, whenever it is due.

    The answer does not wait for the poll. An inbox is never polled, and a source that is paused or gone is resumed
    first: the status is then 409.
    """
    async with call.write() as connection:
        row = await sources.find(connection, call.path.id)
        if is_inbox(row.url):
            raise Problem(409, f"{row.url} is an inbox and cannot be polled: push to it with POST /v1/inbox/{row.id}")
        if not await sources.make_due_now(connection, row.id, now=datetime.now(UTC)):
            raise Problem(409, f"source {row.id} is {row.state}; resume it with POST /v1/sources/{row.id}/resume")
    call.service.engine.nudge(["polls"])
    return {"id": row.id, "url": without_userinfo(row.url), "state": row.state}


def _route(path: str, **of_route: Any) -> Route:
    return Route(path=f"/v1/sources/{{id}}{path}", tag="Sources", parameters=SourcePath, **of_route)


ROUTES = (
    Route(
        path="/v1/sources", handler=list_sources, tag="Sources", query=SourcesQuery,
        answer=list[SourceLine] | list[SourceProblem], filtered=True,
    ),
    Route(
        method="POST", path="/v1/sources", handler=add_source, tag="Sources", role="admin", body=NewSource,
        answer=list[AddedSource], status=201, also=(200,), errors=(409,),
    ),
    _route("", handler=show_source, answer=dict[str, Any], filtered=True),
    _route("", method="PATCH", handler=change_source, role="admin", body=SourceChange, answer=dict[str, Any]),
    _route("", method="DELETE", handler=remove_source, role="admin", answer=SourceState),
    _route("/pause", method="POST", handler=pause_source, role="operate", answer=SourceState),
    _route("/resume", method="POST", handler=resume_source, role="operate", answer=SourceState),
    _route("/poll", method="POST", handler=poll_source, role="operate", answer=SourceState, status=202, errors=(409,)),
)  # fmt: skip
