"""`ingestd sources add`."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.cli.settings import load_settings
from ingestd.errors import UsageError
from ingestd.model.typed_url import typed_source_url
from ingestd.pipeline.add_source import Added, add_unread, fetch_and_add, owner_of
from ingestd.pipeline.node import Node
from ingestd.pipeline.runtime import make_folder_opener, open_fetcher, open_runtime
from ingestd.policy.polling.fixed_interval import fixed_interval
from ingestd.settings import Settings
from ingestd.urls import folder_path, is_folder, is_inbox, is_remote_folder


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
    node: Annotated[
        str | None, typer.Option("--node", metavar="NAME", help="Let only this node poll it; any: all nodes may.")
    ] = None,
    unchecked: Annotated[bool, typer.Option("--unchecked", help="Add the source without fetching it first.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add a source, or the feeds that a web page names.

    A feed is fetched and its entries are stored: this is the first poll.

    FOLDER is a drop folder whose files the daemon reads: a path, or ftp://, ftps:// or sftp://USER@HOST/PATH/.
    inbox:NAME is a source without a URL: items are pushed to it over HTTP and it is never polled.

    A source that exists already gets the title, interval and node that are given.

    A folder on a disk belongs to the node of this host, if several nodes work on the database or the settings name one;
    --node says otherwise.

    Exit status: 0 if the source exists now, 1 if it cannot be read, 2 if it is not a URL, folder or inbox.
    """
    try:
        url = typed_source_url(url)
    except ValueError as error:
        raise UsageError(str(error)) from error
    settings = load_settings(config)
    seconds = fixed_interval(interval, url, floor=settings.interval_floor) if interval is not None else None

    async def add_now() -> list[Added]:
        async with open_database(config) as database:
            async with database.read() as connection:
                owner = await owner_of(connection, Node.of(settings), url, node)
            return await add_unread(database, [(url, title)], named=url, interval=seconds, node=owner)

    async def fetch() -> list[Added]:
        async with open_runtime(settings, role="poll") as runtime:
            async with runtime.database.read() as connection:
                owner = await owner_of(connection, runtime.node, url, node)
            return await fetch_and_add(runtime, url, title=title, interval=seconds, node=owner)

    if is_remote_folder(url) and not unchecked:
        asyncio.run(_check_remote_folder(settings, url))
    elif is_folder(url) and not unchecked:
        _check_folder(Path(folder_path(url)))
    read_first = not (unchecked or is_folder(url) or is_inbox(url))
    added = asyncio.run(fetch() if read_first else add_now())
    if json:
        show_json([one.as_json() for one in added])
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


def _outcome(added: Added) -> str:
    if not added.new:
        return f" (exists already; changed: {', '.join(added.changed)})" if added.changed else " (exists already)"
    return "" if added.entries is None else f", {added.entries} entries"
