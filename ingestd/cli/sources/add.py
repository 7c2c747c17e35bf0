"""`ingestd sources add`."""

import asyncio
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.cli.settings import load_settings
from ingestd.cli.sitemap_index import refuse_index
from ingestd.cli.sources.interval import read_interval
from ingestd.errors import UnknownFormat, UsageError
from ingestd.model.typed_url import typed_source_url
from ingestd.pipeline.read import find_feeds, naming_document, read_reply
from ingestd.pipeline.runtime import make_folder_opener, open_fetcher, open_runtime
from ingestd.settings import Settings
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.work.own_claims import claim_of
from ingestd.urls import folder_path, is_folder, is_inbox, is_remote_folder, without_userinfo


def add(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL|FOLDER|inbox:NAME",
            help="Feed, sitemap, or web page that names its feeds; drop folder; or an inbox to push to.",
        ),
    ],
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Title to list the source under.")] = None,
    interval: Annotated[
        str | None, typer.Option(metavar="DURATION", help="Poll at this fixed interval, as in 30m.")
    ] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Add the source without fetching it first.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add a source, or the feeds that a web page names.

    A feed is fetched and its entries are stored: this is the first poll.

    FOLDER is a drop folder whose files the daemon reads: a path, or ftp://, ftps:// or sftp://USER@HOST/PATH/.
    inbox:NAME is a source without a URL: items are pushed to it over HTTP and it is never polled.

    A source that exists already gets the title and interval that are given.

    Exit status: 0 if the source exists now, 1 if it cannot be read, 2 if it is not a URL, folder or inbox.
    """
    try:
        url = typed_source_url(url)
    except ValueError as error:
        raise UsageError(str(error)) from error
    settings = load_settings(config)
    seconds = read_interval(interval, url, settings) if interval is not None else None

    async def add_unread() -> list[Added]:
        async with open_database(config) as database:
            return await _add(database, [(url, title)], named=url, interval=seconds)

    if is_remote_folder(url) and not unchecked:
        asyncio.run(_check_remote_folder(settings, url))
    elif is_folder(url) and not unchecked:
        _check_folder(Path(folder_path(url)))
    read_first = not (unchecked or is_folder(url) or is_inbox(url))
    added = asyncio.run(_fetch_and_add(settings, url, title=title, interval=seconds) if read_first else add_unread())
    if json:
        show_json([{key: value for key, value in one._asdict().items() if value != ()} for one in added])
        return
    for one in added:
        show(f"source {one.id}: {one.url}{_outcome(one)}")


def _check_folder(path: Path) -> None:
    """Raise UsageError if a folder cannot be listed.

    Whether the daemon may write there is not checked: it may run as another user.
    """
    try:
        with os.scandir(path):
            pass
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; use --unchecked to add it anyway") from error


async def _check_remote_folder(settings: Settings, url: str) -> None:
    """Log in to a folder on another host and create its subfolders; raises FetchError."""
    async with open_fetcher(settings) as (_, fetcher), make_folder_opener(settings, fetcher).open(url) as folder:
        await folder.files()


class Added(NamedTuple):
    """A source that was asked for."""

    id: int
    url: str
    #: False if it existed before.
    new: bool
    #: Entries in its feed; None if the feed was not fetched.
    entries: int | None = None
    #: Names of the options that a source that existed has taken.
    changed: tuple[str, ...] = ()


def _outcome(added: Added) -> str:
    if not added.new:
        return f" (exists already; changed: {', '.join(added.changed)})" if added.changed else " (exists already)"
    return "" if added.entries is None else f", {added.entries} entries"


async def _add(
    database: Database, found: Iterable[tuple[str, str | None]], *, named: str, interval: float | None
) -> list[Added]:
    """Add feeds, given as pairs of URL and title; `named` is the URL that the operator gave."""
    added = []
    async with database.write() as connection:
        for url, title in found:
            # The operator's own choice overrides robots.txt; a feed found on a page does not.
            source_id, new = await sources.add(
                connection, url, now=datetime.now(UTC), title=title, interval=interval, obeys_robots=url != named
            )
            given = {"title": title, "interval": interval} if url == named else {}
            changed = () if new else await _change(connection, source_id, **given)
            added.append(Added(source_id, without_userinfo(url), new, changed=changed))
    return added


async def _change(connection: AsyncConnection, source_id: int, **given: object) -> tuple[str, ...]:
    """Give a source that exists the values that are not None; returns their names."""
    values = {name: value for name, value in given.items() if value is not None}
    if values:
        await sources.change(connection, source_id, **values)
    return tuple(values)


async def _fetch_and_add(settings: Settings, url: str, *, title: str | None, interval: float | None) -> list[Added]:
    """Add the feed at a URL, or else the feeds that the page there names; raises FetchError, UnknownFormat.

    The response counts as the first poll, so that the feed is not fetched twice.
    """
    async with open_runtime(settings, role="poll") as runtime:
        async with runtime.database.write() as connection:
            if (known := await sources.find_polled(connection, url)) is not None:
                changed = await _change(connection, known, title=title, interval=interval)
                return [Added(known, without_userinfo(url), new=False, changed=changed)]
        reply = await runtime.fetcher.get(url, accepts_204=True)
        try:
            # An agency's list that has nothing new may have no document.
            with naming_document(url):
                feed = None if reply.has_no_document else (await read_reply(runtime.pool, reply)).feed
        except UnknownFormat as error:
            feeds = await find_feeds(runtime.pool, reply)
            if not feeds:
                raise UnknownFormat(f"{without_userinfo(url)} is not a feed and names none") from error
            named = [(feed.url, title or feed.title) for feed in feeds]
            return await _add(runtime.database, named, named=url, interval=interval)
        if feed:
            refuse_index(feed, url)
        [added] = await _add(runtime.database, [(url, title)], named=url, interval=interval)
        with runtime.claims.claiming() as register:  # until the run ends, which it does at once
            async with runtime.database.write() as connection:
                claimed = await sources.claim(connection, runtime.run_id, [added.id])
                register(map(claim_of, claimed))
        polled = [await runtime.ingest.poller.poll(source, reply) for source in claimed]
        return [added._replace(entries=polled[0].listed if polled else None)]
