"""`ingestd db restore`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ingestd.backup.restore import restore as restore_backup
from ingestd.cli.db.progress import DocumentProgress, TableProgress
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.pipeline.database import make_directories
from ingestd.pipeline.runtime import make_archive
from ingestd.times import iso


def restore(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The directory of the backup.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace everything in the database.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Restore the database and the archive from a backup.

    The daemon must not run, and the database must be empty. The event log begins a new epoch: consumers start again.

    Exit status: 0 on success, 1 if the backup is damaged or cannot be restored, 2 if the database may not be replaced.
    """
    settings = load_settings(config)
    make_directories(settings)
    found = asyncio.run(
        restore_backup(
            path, settings.async_database_url, make_archive(settings), replace=replace,
            on_table=TableProgress(), on_document=DocumentProgress(),
        )
    )  # fmt: skip
    show_result(
        {"path": path, "rows": found.rows, "documents": found.documents, "created_at": found.created_at},
        f"restored {found.rows['records']} records and {found.documents} documents as of {iso(found.created_at)}",
        json=json,
    )
