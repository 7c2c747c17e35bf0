"""`ingestd db repair`."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json, show_table
from ingestd.store.doubles.repair import Repaired
from ingestd.store.doubles.repair import repair as repair_doubles

DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only print what would be done.")]


def repair(dry_run: DryRunOption = False, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Merge records that one entry made by mistake.

    In older programs, an entry that changed while its page was extracted made a second record. The oldest record is
    kept and gets the revisions and carriers of the others. The event log names each merged record with the event
    merged. Entries without the record that they made get it. Nothing else changes.

    The daemon may run. An interrupted repair continues when it is run again.

    Exit status: 0 on success, 1 if the database cannot be used.
    """
    done = asyncio.run(_repair(config, dry_run=dry_run))
    if json:
        show_json({"dry_run": dry_run, "merged": done.merged, "left": done.left, "linked": done.linked})
    else:
        _show(done, dry_run=dry_run)


async def _repair(config: Path | None, *, dry_run: bool) -> Repaired:
    async with open_database(config) as database:
        return await repair_doubles(database, now=datetime.now(UTC), dry_run=dry_run)


def _show(done: Repaired, *, dry_run: bool) -> None:
    if done.merged:
        rows = [(one.entry_id, one.kept, ", ".join(map(str, one.dropped)), one.revisions) for one in done.merged]
        show_table(("entry", "record", "merged into it", "revisions"), rows)
    for entry_id in done.left:
        show(f"entry {entry_id}: left alone, since one of its records is withheld or killed")
    merged = sum(len(one.dropped) for one in done.merged)
    what = ("would be merged", "would get their record") if dry_run else ("merged", "got their record")
    show(f"records: {merged} {what[0]}; entries: {done.linked} {what[1]}")
