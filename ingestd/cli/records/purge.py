"""`ingestd records purge`."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.cli.withheld import user_name
from ingestd.erasure.job import Purged, purge_records
from ingestd.errors import UsageError
from ingestd.pipeline.database import open_database
from ingestd.pipeline.runtime import make_archive
from ingestd.settings import Settings
from ingestd.store.polls import sources
from ingestd.store.records import records


def purge(
    record: Annotated[
        list[str] | None, typer.Argument(metavar="RECORD", help="Numbers, guids or URLs of records.")
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="SOURCE", help="All records that this source carries.")] = None,
    site: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="All records that this site carries, as in news.example.")
    ] = None,
    reason: Annotated[str | None, typer.Option(metavar="TEXT", help="Kept with the names of the records.")] = None,
    rewrite: Annotated[
        bool,
        typer.Option("--rewrite", help="Write the tables anew, which locks them; on PostgreSQL bytes stay otherwise."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would be erased.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Erase the content of records for ever; tombstones stay.

    Erases text, headlines and all revisions, the search index, what feeds announced, and every document in the archive
    that may hold it, also if other entries are in it; the result counts these. What is purged never becomes news again.
    Backups and exports keep copies. Repeat the command if it was interrupted: it overwrites what was left.

    Exit status: 0 on success, 1 if the database or the archive cannot be used, 2 if there is no such record or source.
    """
    if sum((bool(record), source is not None, site is not None)) != 1:
        raise UsageError("name records, or --source, or --site")
    done = asyncio.run(
        _purge(load_settings(config), record or [], source, site, reason, dry_run=dry_run, rewrite=rewrite)
    )
    verb = "to purge" if dry_run else "purged"
    line = (
        f"{done.records} records {verb}: {done.revisions} revisions, {done.entries} entries, {done.documents} documents"
    )
    if done.shared:
        line += f" ({done.shared} with other entries)"
    if done.kept_in_files:
        line += "; a long transaction kept deleted rows in the database's files: repeat the command when it has ended"
    show_result({"dry_run": dry_run, **asdict(done)}, line, json=json)


async def _purge(
    settings: Settings,
    names: list[str],
    source: str | None,
    site: str | None,
    reason: str | None,
    *,
    dry_run: bool,
    rewrite: bool,
) -> Purged:
    async with open_database(settings) as database:
        async with database.read() as connection:
            ids = [(await records.find(connection, name)).id for name in names]
            source_id = (await sources.find(connection, source)).id if source is not None else None
        return await purge_records(
            database, make_archive(settings), actor=user_name(), reason=reason, record_ids=ids, source_id=source_id,
            site=site, dry_run=dry_run, rewrite=rewrite,
        )  # fmt: skip
