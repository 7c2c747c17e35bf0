"""What tests share: the newsroom, and a fetcher that may visit it."""

import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from ingestd.pipeline.runtime import Runtime
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from tests.support.databases import make_database, postgresql
from tests.support.desk import open_desk
from tests.support.newsroom import Newsroom

# A shell that runs the suite in the background has it ignore SIGINT, and so would every process that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
async def newsroom() -> AsyncIterator[Newsroom]:
    async with Newsroom() as newsroom:
        yield newsroom


@pytest.fixture
async def fetcher() -> AsyncIterator[Fetcher]:
    """A fetcher that may connect to the loopback and waits between requests for nothing."""
    async with Fetcher(
        user_agent="ingestd/test (+tests@example.org)",
        allow_networks=[IPv4Network("127.0.0.0/8")],
        pacing=Pacing(delay=0),
    ) as fetcher:
        yield fetcher


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL server."""
    with postgresql(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database: every test that asks for it runs on both."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ingestd.db"
    return make_database(request.getfixturevalue("postgresql_server"), f"test_{uuid.uuid4().hex}")


@pytest.fixture
async def runtime(database_url: str, tmp_path: Path) -> AsyncIterator[Runtime]:
    """The parts of a daemon on a new database, which may visit the loopback and waits for nothing."""
    async with open_desk(database_url, tmp_path) as runtime:
        yield runtime
