"""`ingestd sources export`."""

import asyncio
from datetime import UTC, datetime

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import NO_SOURCES
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json
from ingestd.discovery.opml import Outline, write_opml
from ingestd.store.polls import source_list
from ingestd.urls import is_folder, is_inbox


def export(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Print the sources as OPML.

    The output includes credentials in URLs. Drop folders and inboxes are left out: they belong to this host.

    Exit status: 0 on success.
    """

    async def work() -> list[Outline]:
        async with open_for_reading(config) as database, database.read() as connection:
            rows = await source_list.list_all(connection)
        return [
            Outline(url=row.url, title=row.title, home=row.home, categories=())
            for row in rows
            if not (is_folder(row.url) or is_inbox(row.url))
        ]

    outlines = asyncio.run(work())
    if json:
        show_json(outlines)
    else:
        if not outlines:
            note(NO_SOURCES)
        typer.echo(write_opml(outlines, title="ingestd", created=datetime.now(UTC)).decode())
