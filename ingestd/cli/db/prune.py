"""`ingestd db prune`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.cli.settings import load_settings
from ingestd.pipeline.database import open_database
from ingestd.pipeline.retention import prune_database
from ingestd.pipeline.runtime import make_archive
from ingestd.settings import Settings
from ingestd.store.retention.batches import Deleted

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only count what would be deleted.")]


def prune(dry_run: DryRunOption = False, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Delete what is older than the settings keep it.

    The daemon does so every ten minutes; both may run at the same time.

    Exit status: 0 on success, 1 if the database or the archive cannot be used.
    """
    done = asyncio.run(_prune(load_settings(config), dry_run=dry_run))
    verb = "to delete" if dry_run else "deleted"
    lines = [f"{one.table}: {one.rows:,} {verb}" for one in done]
    if not dry_run:
        lines.append(f"longest transaction: {max((one.longest for one in done), default=0.0) * 1000:.0f} ms")
    result = {
        one.table: {"rows": one.rows, "batches": one.batches, "longest": one.longest, "slow": one.slow} for one in done
    }
    if json:
        show_json({"dry_run": dry_run, "tables": result})
    else:
        for line in lines:
            show(line)


async def _prune(settings: Settings, *, dry_run: bool) -> list[Deleted]:
    async with open_database(settings) as database:
        return await prune_database(database, make_archive(settings), settings, now=datetime.now(UTC), dry_run=dry_run)
