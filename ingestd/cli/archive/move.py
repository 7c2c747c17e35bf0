"""`ingestd archive move`."""

import asyncio
from typing import Annotated

import typer

from ingestd.backup.move import CopyJournal, MoveResult
from ingestd.backup.move import move as move_archive
from ingestd.backup.target import running_process
from ingestd.cli.db.progress import DocumentProgress
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_result
from ingestd.cli.settings import load_settings
from ingestd.errors import UsageError
from ingestd.pipeline.archives import archive_at
from ingestd.settings import Settings
from ingestd.settings.raw_archive import parse_place
from ingestd.store.database import Database
from ingestd.store.schema import version

#: File in `state_dir` with what was copied.
JOURNAL = "archive-move.sqlite"


def move(
    to: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="As in s3://news/archive, file:///mnt/archive, or a directory.")
    ],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Copy the archive to another place, and say how to use it there.

    Every document is read again at ADDRESS. The archive stays where it is until the setting is changed. Run it again to
    continue an interrupted copy, or to copy only what changed: copy while the daemon runs, stop it, copy again, then
    set archive to ADDRESS. The keys of an address are in archive_keys. What was deleted meanwhile is erased there.

    Exit status: 0 on success, 1 if either place cannot be used, 2 if ADDRESS is none.
    """
    settings = load_settings(config)
    if settings.archive == "off":
        raise UsageError("the archive is off: there is nothing to move; set archive to ADDRESS")
    try:
        place = parse_place(to)
    except ValueError as error:
        raise UsageError(f"ADDRESS: {error}") from error
    if place == settings.archive:
        raise UsageError("ADDRESS is where the archive is; name another place")
    source, target = archive_at(settings.archive, settings), archive_at(place, settings, is_cached=False)
    journal = CopyJournal(settings.state_dir / JOURNAL, f"{settings.archive} to {place}")

    async def run() -> tuple[MoveResult, str | None]:
        found = await move_archive(source, target, journal, on_document=DocumentProgress())
        return found, await _running(settings)

    found, running = asyncio.run(run())
    if found.missing:
        note(f"{len(found.missing)} documents were missing or damaged in the archive, as {found.missing[0]}")
    if found.others:
        note(f"{found.others} documents at {place} are not from this archive; they stay")
    if running:
        note(f"{running} is at work: stop it and run the same command again, to copy what it stored meanwhile")
    show_result(
        {
            "archive": f"{place}", "documents": found.documents, "copied": found.copied, "erased": found.erased,
            "others": found.others, "missing": len(found.missing), "running": running,
        },
        f"copied {found.copied} of {found.documents} documents now, {found.erased} erased; all are verified: "
        f'set archive = "{place}" in the settings',
        json=json,
    )  # fmt: skip


async def _running(settings: Settings) -> str | None:
    """Return the process that is at work on the database; None: there is none."""
    if await version.current(settings.async_database_url) is None:
        return None
    async with Database(settings.async_database_url) as database:
        return await running_process(database)
