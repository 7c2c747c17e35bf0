"""Upgrades of a database that others use."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, ExceptionContext, event, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ingestd.errors import StoreError, StoreUnavailable
from ingestd.store.schema import migrate, online, tables
from ingestd.store.schema.version import HEAD, VERSIONS, blocking_engine, version_of
from tests.store.test_migrations import fill
from tests.support.databases import make_database

#: Seconds that a transaction of the reader takes at least; it locks what it reads until its end.
READING = 0.4

#: Seconds after which something that does not happen will never happen, on a busy machine too.
PATIENCE = 60.0


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", 0.1)
    monkeypatch.setattr(online, "PAUSE", 0.05)


@pytest.fixture
def postgresql_url(postgresql_server: str, request: pytest.FixtureRequest) -> str:
    return make_database(postgresql_server, f"live_{abs(hash(request.node.name))}")


def prepare(url: str, version: str) -> None:
    """Create a database of a schema version with a record."""
    migrate._upgrade(url, version)
    with migrate._engine(url) as engine, engine.begin() as connection:
        fill(connection)
    if url.startswith("sqlite"):
        with blocking_engine(url) as engine, engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")  # as `Database` does


class Users:
    """A reader that keeps a transaction open most of the time, and a writer.

    Each transaction of the reader ends once the writer has begun and committed another one: where a write waits for a
    statement of the upgrade, and that for the reader's end, all three would wait for ever.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._end = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._read, self._write)]
        self._written = threading.Condition()
        #: The number of committed writes.
        self.writes = 0
        #: The number of the reader's transactions during which no write began and was committed.
        self.blocked = 0
        self.errors: list[SQLAlchemyError] = []

    @contextmanager
    def at_work(self) -> Iterator[None]:
        for thread in self._threads:
            thread.start()
        try:
            yield
        finally:
            self._end.set()
            with self._written:
                self._written.notify_all()
            for thread in self._threads:
                thread.join()

    def wait_for_writes(self, count: int) -> bool:
        """Wait until this many writes are committed or all is to end; return False when they never are."""
        with self._written:
            return self._written.wait_for(lambda: self.writes >= count or self._end.is_set(), PATIENCE)

    def _read(self) -> None:
        try:
            while not self._end.is_set():
                with self._engine.connect() as connection:
                    for table in ("records", "revisions", "events", "entries", "polls", "sources"):
                        connection.execute(text(f"SELECT count(*) FROM {table}"))
                    begun = self.writes
                    self._end.wait(READING)
                    self.blocked += not self.wait_for_writes(begun + 2)  # the first may have begun before
                self._end.wait(0.05)
        except SQLAlchemyError as error:
            self.errors.append(error)

    def _write(self) -> None:
        statement = text(
            "INSERT INTO entries (source_id, guid, id_origin, fingerprint, announced, state, attempts, due_at, "
            "first_seen_at, last_seen_at) SELECT source_id, :guid, id_origin, fingerprint, announced, state, attempts, "
            "due_at, first_seen_at, last_seen_at FROM entries WHERE id = 1"
        )
        try:
            for number in count():
                if self._end.wait(0.01):
                    return
                with self._engine.begin() as connection:
                    if connection.dialect.name == "postgresql":
                        # As in the program, the upgrade gives up its lock before anybody looks for a deadlock, even if
                        # the machine stands still for longer than both limits.
                        connection.execute(text(f"SET LOCAL deadlock_timeout = '{PATIENCE:.0f}s'"))
                    connection.execute(statement, {"guid": f"written {number}"})
                    connection.execute(text("UPDATE records SET updated_at = updated_at WHERE id = 1"))
                with self._written:
                    self.writes += 1
                    self._written.notify_all()
        except SQLAlchemyError as error:
            self.errors.append(error)


def writable(connection: Connection) -> None:
    """Let a new id of `entries` follow the row that `fill` inserted."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT setval('entries_id_seq', 10)"))


@pytest.mark.parametrize("version", VERSIONS[:-1])
def test_a_database_of_any_version_is_upgraded_while_others_read_and_write(
    empty_database_url: str, version: str
) -> None:
    prepare(empty_database_url, version)
    with blocking_engine(empty_database_url) as engine:
        with engine.begin() as connection:
            writable(connection)
        users = Users(engine)
        with users.at_work():
            assert users.wait_for_writes(1)
            assert migrate._upgrade(empty_database_url) == (version, HEAD)

        assert users.errors == []
        # A write waits for one statement of the upgrade and the reader before it, never for the reader's whole export.
        assert users.blocked == 0
        with engine.connect() as connection:
            rows = connection.scalar(text("SELECT count(*) FROM entries"))
            assert rows == 1 + users.writes
            assert declared(connection)


def declared(connection: Connection) -> bool:
    """Return whether the tables are as declared, but for the full-text index."""
    options = {
        "include_object": lambda _item, name, _kind, found, _other: not (found and name and "search" in name),
        "compare_type": connection.dialect.name == "postgresql",
    }
    context = MigrationContext.configure(connection, opts=options)
    return compare_metadata(context, tables.metadata) == []


def test_an_upgrade_blocks_nobody_behind_an_open_export(postgresql_url: str) -> None:
    prepare(postgresql_url, "0005")
    with blocking_engine(postgresql_url) as engine, engine.connect() as export, refused_locks() as refused:
        export.execute(text("SELECT count(*) FROM records"))
        upgrade = threading.Thread(target=migrate._upgrade, args=(postgresql_url,))
        upgrade.start()
        # The upgrade is refused its lock at least five times while the export is open, and no write waits for that.
        for _ in range(5):
            assert refused.acquire(timeout=PATIENCE)
            for _ in range(3):
                with engine.begin() as connection:
                    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE:.0f}s'"))
                    connection.execute(text("UPDATE records SET updated_at = updated_at"))
        assert upgrade.is_alive()
        export.rollback()
        upgrade.join(timeout=PATIENCE)

        with engine.connect() as connection:
            assert version_of(connection) == HEAD


@contextmanager
def refused_locks() -> Iterator[threading.Semaphore]:
    """Yield a semaphore that is released for each statement that does not get its lock in time."""
    refused = threading.Semaphore(0)

    def note(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) == "55P03":
            refused.release()

    event.listen(Engine, "handle_error", note)
    try:
        yield refused
    finally:
        event.remove(Engine, "handle_error", note)


def test_an_upgrade_that_gets_no_lock_says_what_to_do(postgresql_url: str) -> None:
    prepare(postgresql_url, "0005")
    with blocking_engine(postgresql_url) as engine, engine.connect() as export:
        export.execute(text("SELECT count(*) FROM records"))

        with pytest.raises(StoreUnavailable, match=r"other transactions keep its tables locked.* `ingestd db upgrade`"):
            migrate._upgrade(postgresql_url, patience=0.3)

        export.rollback()
        with engine.connect() as connection:
            assert version_of(connection) == "0005"


def test_an_index_whose_build_failed_is_built_anew(postgresql_url: str) -> None:
    prepare(postgresql_url, "0007")
    with blocking_engine(postgresql_url) as engine:
        with engine.begin() as connection:
            fill_twice(connection)
        with (
            engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection,
            pytest.raises(IntegrityError),
        ):
            # Under the name of the migration's index, one that cannot be: two entries have the same `attempts`.
            connection.execute(text("CREATE UNIQUE INDEX CONCURRENTLY entries_by_first_seen ON entries (attempts)"))

        migrate._upgrade(postgresql_url)

        with engine.connect() as connection:
            definition = text("SELECT indexdef FROM pg_indexes WHERE indexname = 'entries_by_first_seen'")
            assert "(source_id, first_seen_at)" in str(connection.scalar(definition))
            assert connection.scalar(text("SELECT count(*) FROM pg_index WHERE NOT indisvalid")) == 0


def fill_twice(connection: Connection) -> None:
    writable(connection)
    connection.execute(
        text(
            "INSERT INTO entries (source_id, guid, id_origin, fingerprint, announced, state, attempts, due_at, "
            "first_seen_at, last_seen_at) SELECT source_id, 'other', id_origin, fingerprint, announced, state, "
            "attempts, due_at, first_seen_at, last_seen_at FROM entries"
        )
    )


def test_an_upgrade_that_was_killed_anywhere_is_finished_by_the_next(postgresql_url: str) -> None:
    prepare(postgresql_url, "0001")
    for allowed in range(3, 500, 7):
        try:
            with limited(allowed):
                migrate._upgrade(postgresql_url)
            break
        except (Killed, StoreError):  # the latter from what would have been closed
            pass

    with blocking_engine(postgresql_url) as engine, engine.connect() as connection:
        assert version_of(connection) == HEAD
        assert declared(connection)


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def limited(statements: int) -> Iterator[None]:
    """Let engines execute this many statements that change something, then raise Killed."""
    left = iter(range(statements))

    def spend(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.split(maxsplit=1)[0].upper() in ("SELECT", "SHOW", "SET", "ROLLBACK"):
            return
        if next(left, None) is None:
            raise Killed

    event.listen(Engine, "before_cursor_execute", spend)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", spend)
