"""`ingestd db copy`."""

import asyncio
from typing import Annotated

import typer

from ingestd.backup.copy import copy as copy_database
from ingestd.cli.db.progress import TableProgress
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_result
from ingestd.cli.settings import load_settings
from ingestd.errors import UsageError
from ingestd.pipeline.database import sqlite_path
from ingestd.settings.values import check_database_url, with_async_driver


def copy(
    to_url: Annotated[
        str, typer.Argument(metavar="TO_URL", help="The other database, as in postgresql://user@host/name.")
    ],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Copy the database into another one, of either kind.

    Every row is compared after the copy. Run it again to continue an interrupted copy, or to copy only what changed:
    copy while the daemon runs, stop it, copy again, then set database_url to TO_URL. The archive stays where it is.

    Exit status: 0 on success, 1 if the copy failed, 2 if TO_URL is no database or holds other data.
    """
    settings = load_settings(config)
    target = _checked(to_url)
    if target == settings.async_database_url:
        raise UsageError("TO_URL is the database itself; name another one")
    found = asyncio.run(copy_database(settings.async_database_url, target, on_table=TableProgress()))
    if found.running:
        note(f"{found.running} is at work: stop it and run the same command again, to copy what it stored meanwhile")
    rows, written = sum(one.rows for one in found.tables), sum(one.written + one.deleted for one in found.tables)
    show_result(
        {"tables": found.tables, "running": found.running},
        f"copied {rows} rows of {len(found.tables)} tables, {written} of them written now; verified",
        json=json,
    )


def _checked(url: str) -> str:
    try:
        target = with_async_driver(check_database_url(url))
    except ValueError as error:
        raise UsageError(f"TO_URL {error}") from error
    if (file := sqlite_path(target)) is not None and not file.parent.is_dir():
        raise UsageError(f"TO_URL: {file.parent} is not a directory; create it first")
    return target
