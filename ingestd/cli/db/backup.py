"""`ingestd db backup`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from ingestd.backup.back_up import back_up
from ingestd.cli.db.progress import DocumentProgress, TableProgress
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_result
from ingestd.cli.settings import load_settings
from ingestd.pipeline.database import make_directories
from ingestd.pipeline.runtime import make_archive
from ingestd.store.schema import version
from ingestd.units import show_size


def backup(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The directory to create.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Back up the database and the archive into a new directory.

    The daemon may run: the backup is of one moment. It is verified before the directory gets its name.

    Exit status: 0 on success, 1 if it cannot be written.
    """
    settings = load_settings(config)
    make_directories(settings)

    async def run() -> None:
        await version.check(settings.async_database_url)
        found = await back_up(
            settings.async_database_url, make_archive(settings), path,
            on_table=TableProgress(), on_document=DocumentProgress(),
        )  # fmt: skip
        if found.missing:
            note(f"{len(found.missing)} documents were missing or damaged in the archive; manifest.json lists them")
        show_result(
            {"path": path, "rows": found.rows, "documents": found.documents, "missing": len(found.missing)},
            f"backed up {found.rows['records']} records, {found.documents} documents "
            f"({show_size(found.database_size + found.document_bytes)}) into {path}; verified",
            json=json,
        )

    asyncio.run(run())
