"""`ingestd sources`: what is polled."""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json, show_result, show_table
from ingestd.cli.setup import database_of, finish, settings_for
from ingestd.discovery.opml import Outline, read_opml, write_opml
from ingestd.errors import UnknownFormat, UsageError
from ingestd.pipeline.read import read_feed
from ingestd.pipeline.runtime import folder_opener, open_fetcher, open_runtime
from ingestd.settings import Settings
from ingestd.store.database import Database
from ingestd.store.operations import overview
from ingestd.store.polls import sources, subscriptions
from ingestd.times import iso
from ingestd.units import parse_duration
from ingestd.urls import folder_of, is_folder, is_inbox, is_remote_folder, source_url, without_userinfo

app = typer.Typer(help="Add, list, pause and remove what is polled.", no_args_is_help=True)

SourceArgument = Annotated[str, typer.Argument(metavar="SOURCE", help="The number or URL of a source.")]


@app.command()
def add(
    url: Annotated[
        str, typer.Argument(help="A feed, a sitemap, or a page that names its feeds; a folder; inbox:NAME.")
    ],
    title: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    interval: Annotated[str | None, typer.Option(help="Its own interval, as in 30m.")] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Add it without fetching it first.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add a source and take what it lists; of a page's URL, add the feeds that the page names.

    A path is that of a drop folder, whose files the daemon takes, as are ftp://, ftps:// and sftp://USER@HOST/PATH/;
    inbox:NAME is only pushed to.

    Exit status: 0 when it is there now, 1 when it could not be read, 2 when it is no URL, folder or inbox.
    """
    try:
        url = source_url(url)
        seconds = parse_duration(interval) if interval else None
    except ValueError as error:
        raise UsageError(str(error)) from error
    settings = settings_for(config)

    async def unread() -> list[Added]:
        async with database_of(config) as database:
            return await _add(database, [(url, title)], named=url, interval=seconds)

    if is_remote_folder(url) and not unchecked:
        finish(_must_open(settings, url))
    elif is_folder(url) and not unchecked:
        _must_be_a_folder(Path(folder_of(url)))
    unchecked = unchecked or is_folder(url) or is_inbox(url)
    added = finish(unread() if unchecked else _add_what_is_at(settings, url, title=title, interval=seconds))
    if json:
        show_json([one._asdict() for one in added])
        return
    for one in added:
        show(f"source {one.id}: {one.url}{_told(one)}")


def _must_be_a_folder(path: Path) -> None:
    """Raise UsageError for what no daemon could list; whether it may write there, it says itself."""
    try:
        with os.scandir(path):
            pass
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; --unchecked adds it all the same") from error


async def _must_open(settings: Settings, url: str) -> None:
    """Log in to a folder on another host, and make what it lacks; raises FetchError."""
    async with open_fetcher(settings) as (_, fetcher), folder_opener(settings, fetcher).open(url) as folder:
        await folder.files()


class Added(NamedTuple):
    """A source that is there now, whether it was not before, and how many entries it listed where it was read."""

    id: int
    url: str
    new: bool
    entries: int | None = None


def _told(added: Added) -> str:
    if not added.new:
        return " (was there already)"
    return "" if added.entries is None else f", {added.entries} entries"


async def _add(
    database: Database, found: Iterable[tuple[str, str | None]], *, named: str, interval: float | None
) -> list[Added]:
    """Add feeds, each a URL and a title."""
    added = []
    async with database.write() as connection:
        for url, title in found:
            # A feed that the operator named is his own decision; one that we found asks robots.txt.
            source_id, new = await sources.add(
                connection, url, now=datetime.now(UTC), title=title, interval=interval, obeys_robots=url != named
            )
            added.append(Added(source_id, without_userinfo(url), new))
    return added


async def _add_what_is_at(settings: Settings, url: str, *, title: str | None, interval: float | None) -> list[Added]:
    """Add the feed at an address, or else the feeds that the page there names; raises FetchError, UnknownFormat.

    The feed's answer is its first poll: nobody is asked twice for the same.
    """
    async with open_runtime(settings, role="poll") as runtime:
        async with runtime.database.read() as connection:
            if (known := await sources.polled_at(connection, url)) is not None:
                return [Added(known, without_userinfo(url), new=False)]
        reply = await runtime.fetcher.get(url)
        try:
            await read_feed(runtime.pool, reply.body, url=reply.final_url, content_type=reply.content_type)
        except UnknownFormat as error:
            job = "ingestd.workers.jobs:find_feeds"
            feeds = await runtime.pool.run(job, reply.body, reply.final_url, reply.content_type)
            if not feeds:
                raise UnknownFormat(f"{without_userinfo(url)} is no feed and names none") from error
            named = [(feed.url, title or feed.title) for feed in feeds]
            return await _add(runtime.database, named, named=url, interval=interval)
        [added] = await _add(runtime.database, [(url, title)], named=url, interval=interval)
        async with runtime.database.write() as connection:
            claimed = await sources.claim_these(connection, runtime.run_id, [added.id])
        polled = [await runtime.ingest.poller.poll(source, reply) for source in claimed]
        return [added._replace(entries=polled[0].listed if polled else None)]


@app.command("list")
def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the sources.

    Exit status: 0.
    """

    async def work() -> list[dict[str, object]]:
        async with database_of(config) as database, database.read() as connection:
            rows = await sources.listed(connection)
        return [
            {
                **overview.described(row),
                "entries": row.entries,
                "last_polled_at": iso(row.last_polled_at),
            }
            for row in rows
        ]

    rows = finish(work())
    if json:
        show_json(rows)
    else:
        columns = ("id", "condition", "entries", "last_polled_at", "next_attempt_at", "title", "url", "reason")
        show_table(columns, [[row[column] for column in columns] for row in rows])


@app.command("show")
def show_(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Show a source, its last polls, and the hub that pushes for it.

    Exit status: 0, or 2 when there is no such source.
    """

    async def work() -> dict[str, Any]:
        async with database_of(config) as database, database.read() as connection:
            row = await sources.find(connection, source)
            polls = await sources.last_polls(connection, row.id)
            hub = await subscriptions.of_source(connection, row.id)
        hidden = ("body_hash", "run_id")
        values = {key: value for key, value in row._mapping.items() if key not in hidden}
        return {**values, **overview.described(row), "hub": hub, "polls": polls}

    found = finish(work())
    if json:
        show_json(found)
        return
    polls, hub = found.pop("polls"), found.pop("hub") or {}
    told = {**found, **{f"hub: {name}": value for name, value in hub.items()}}
    show_table(("what", "value"), [(key, value) for key, value in told.items() if value is not None])
    columns = ("at", "outcome", "status", "size", "listed", "known", "overlap", "added", "changed", "seconds", "error")
    show("")
    show_table(columns, [[poll[column] for column in columns] for poll in polls])


def _set(source: str, state: str, config: Path | None, *, json: bool) -> None:
    async def work() -> str:
        async with database_of(config) as database, database.write() as connection:
            row = await sources.find(connection, source)
            await sources.set_state(connection, row.id, state, now=datetime.now(UTC))
            return without_userinfo(row.url)

    url = finish(work())
    show_result({"url": url, "state": state}, f"{url}: {state}", json=json)


@app.command("set")
def set_(
    source: SourceArgument,
    title: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    interval: Annotated[str | None, typer.Option(help="Its own interval, as in 30m; auto: learned.")] = None,
    robots: Annotated[
        bool | None, typer.Option("--robots/--no-robots", help="Whether robots.txt counts for the feed itself.")
    ] = None,
    revisits: Annotated[
        bool | None, typer.Option("--revisits/--no-revisits", help="Whether its pages are visited again.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Change a source.

    Exit status: 0, or 2 when there is no such source, or nothing to change.
    """
    values: dict[str, object] = {}
    if title is not None:
        values["title"] = title
    if interval is not None:
        try:
            values["interval"] = None if interval == "auto" else parse_duration(interval)
        except ValueError as error:
            raise UsageError(str(error)) from error
    if robots is not None:
        values["obeys_robots"] = robots
    if revisits is not None:
        values["revisits"] = revisits
    if not values:
        raise UsageError("nothing to change: --title, --interval, --robots or --revisits say what")

    async def work() -> dict[str, Any]:
        async with database_of(config) as database, database.write() as connection:
            row = await sources.find(connection, source)
            await sources.change(connection, row.id, **values)
        return {"id": row.id, "url": without_userinfo(row.url), **values}

    changed = finish(work())
    show_result(
        changed, f"source {changed['id']}: {', '.join(f'{key} {value}' for key, value in values.items())}", json=json
    )


@app.command()
def pause(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Stop polling a source until it is resumed.

    Exit status: 0, or 2 when there is no such source.
    """
    _set(source, "paused", config, json=json)


@app.command()
def resume(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Poll a paused source again, at once.

    Exit status: 0, or 2 when there is no such source.
    """
    _set(source, "active", config, json=json)


@app.command()
def remove(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Remove a source; its entries and records stay.

    Exit status: 0, or 2 when there is no such source.
    """
    _set(source, "removed", config, json=json)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="An OPML file.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add the sources of an OPML file, unchecked; the daemon polls them at once.

    Exit status: 0, 1 when the file is no OPML, 2 when there is no such file.
    """
    try:
        outlines = read_opml(file.read_bytes())
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from error

    async def work() -> int:
        async with database_of(config) as database, database.write() as connection:
            now = datetime.now(UTC)
            results = [await sources.add(connection, line.url, now=now, title=line.title) for line in outlines]
        return sum(new for _, new in results)

    added = finish(work())
    already = len(outlines) - added
    line = f"{added} sources added" + (f", {already} were there already" if already else "")
    show_result({"added": added, "already": already}, line, json=json)


@app.command()
def export(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print the sources as OPML, to be imported elsewhere; credentials in their URLs are part of it.

    Drop folders and inboxes are this host's affair, and left out.

    Exit status: 0.
    """

    async def work() -> list[Outline]:
        async with database_of(config) as database, database.read() as connection:
            rows = await sources.listed(connection)
        return [
            Outline(url=row.url, title=row.title, home=row.home, categories=())
            for row in rows
            if not (is_folder(row.url) or is_inbox(row.url))
        ]

    outlines = finish(work())
    if json:
        show_json(outlines)
    else:
        typer.echo(write_opml(outlines, title="ingestd", created=datetime.now(UTC)).decode())
