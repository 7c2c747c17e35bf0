"""Fixtures of all tests: a web server, a fetcher that may visit it, databases, and a daemon's parts.

How the suite is kept fast:

- `database_url` is a database with the current schema and no rows: a copied file, or a database copied from a template
  on the one PostgreSQL server of the test run (`tests.support.shared_server`).  Tests of the schema itself take
  `empty_database_url`, tests that stop or kill a server start one of their own.
- Commands run in the test's process (`tests.cli.running`).  A process of its own is for tests of signals, standard
  streams and kills.
- Tests wait for events, not for time, and none measures how long something took: a machine may stand still for
  seconds.  Their limits are CPU time, or long enough for a busy machine; a limit of the program that is the point of
  a test is passed by putting the event loop's clock forward (`loop_clock`).
- Properties are tested with the same examples in every run, however long one takes (the profile "suite").
- What takes minutes runs small here and in full with `make soak`: `tests.support.soak` has the sizes.
"""

import logging
import shutil
import signal
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import migrate
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from tests.support.databases import make_database
from tests.support.desk import open_desk
from tests.support.loop_clock import LoopClock
from tests.support.newsroom import Newsroom
from tests.support.papers import Papers
from tests.support.shared_server import Databases, shared_server

if TYPE_CHECKING:
    from tests.support.object_store import ObjectServer

# A shell that runs the suite in the background has it ignore SIGINT, and so would every process that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# By default, one example that takes more than 0.2 s fails its test, and so does a second for the first ten of them.
settings.register_profile(
    "suite", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def _default_logging(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Loggers follow the configuration of their test alone: one that keeps that of its first use is never captured."""
    configure = structlog.configure

    def configure_uncached(*args: Any, **options: Any) -> None:
        configure(*args, **{**options, "cache_logger_on_first_use": False})

    monkeypatch.setattr(structlog, "configure", configure_uncached)
    root = logging.getLogger()
    # A fixture of a wider scope may have run a command, whose handlers would stay for all tests to come.
    handlers = [handler for handler in root.handlers if not type(handler).__module__.startswith("ingestd.")]
    root.handlers, level = list(handlers), root.level
    yield
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    # What captures warnings already does nothing when it is told to: the next test's warnings would go to pytest.
    logging.captureWarnings(capture=False)


@pytest.fixture(scope="session")
def object_server(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[ObjectServer]":
    # Imports boto3, which most tests do not need.
    from tests.support.object_store import running_object_server  # noqa: PLC0415

    with running_object_server(tmp_path_factory.mktemp("object-server")) as server:
        yield server


@pytest.fixture
async def newsroom() -> AsyncIterator[Newsroom]:
    async with Newsroom() as newsroom:
        yield newsroom


@pytest.fixture
def papers() -> Iterator[Papers]:
    """A publisher in a thread of its own, for tests that run commands and daemons."""
    papers = Papers()
    yield papers
    papers.close()


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """A fetcher that may connect to the loopback and waits between requests for nothing."""
    async with Fetcher(
        user_agent="ingestd/test (+tests@example.org)",
        allow_networks=[IPv4Network("127.0.0.0/8")],
        pacing=Pacing(delay=0),
    ) as fetcher:
        yield fetcher


@pytest.fixture
async def loop_clock(monkeypatch: pytest.MonkeyPatch) -> LoopClock:
    return LoopClock(monkeypatch)


@pytest.fixture(scope="session")
def shared_directory(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A directory that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def postgresql_server(shared_directory: Path) -> Iterator[str]:
    """The URL of a real PostgreSQL server, which all tests share."""
    with shared_server(shared_directory / "postgresql") as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_databases(postgresql_server: str, shared_directory: Path) -> Iterator[Databases]:
    databases = Databases(postgresql_server, shared_directory / "postgresql")
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with the current schema and no rows, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "ingestd.db"
    migrate._upgrade(f"sqlite:///{file}")
    return file


#: Opens a database of a kind; one of SQLite in the folder.
LendDatabase = Callable[[str, Path], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def lend_database(request: pytest.FixtureRequest) -> LendDatabase:
    """Return a context manager of a database with the current schema and no rows, for fixtures of a wider scope."""

    @contextmanager
    def lend(kind: str, folder: Path) -> Iterator[str]:
        if kind == "sqlite":
            shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "ingestd.db")
            yield f"sqlite:///{folder}/ingestd.db"
            return
        databases: Databases = request.getfixturevalue("postgresql_databases")
        url = databases.take()
        yield url
        databases.give_back(url)

    return lend


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, lend_database: LendDatabase, tmp_path: Path) -> Iterator[str]:
    """The URL of a database with the current schema and no rows: every test that asks for it runs on both."""
    with lend_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a schema, of either kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ingestd.db"
    return make_database(request.getfixturevalue("postgresql_server"), f"empty_{uuid.uuid4().hex}")


@pytest.fixture
async def runtime(database_url: str, tmp_path: Path) -> AsyncIterator[Runtime]:
    """The parts of a daemon on a new database, which may visit the loopback and waits for nothing."""
    async with open_desk(database_url, tmp_path) as runtime:
        yield runtime
