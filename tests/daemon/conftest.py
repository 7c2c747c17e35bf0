from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ingestd.daemon.service import Service
from tests.daemon.processes import Daemon, Start, ingestd
from tests.daemon.services import Hung, be_patient, open_service


@pytest.fixture
async def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Service]:
    """A service on an SQLite file; a slow machine gets time to answer, except where the database hangs."""
    be_patient(monkeypatch)
    async with open_service(tmp_path / "state") as service:
        yield service


@pytest.fixture
async def hung() -> AsyncIterator[Hung]:
    async with Hung.open() as hung:
        yield hung


@pytest.fixture
def start(config: Path) -> Iterator[Start]:
    daemons: list[Daemon] = []

    def start(**environment: str) -> Daemon:
        daemons.append(Daemon(config, **environment))
        return daemons[-1]

    yield start
    for daemon in daemons:
        if daemon.process.poll() is None:
            daemon.kill()


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Path:
    file = tmp_path / "ingestd.toml"
    file.write_text(
        f"state_dir = '{tmp_path}/state'\ndatabase_url = '{database_url}'\nallow_networks = ['127.0.0.0/8']\n"
        "interval = 1\ninterval_floor = 1\nhost_delay = 0\nhost_concurrency = 4\nextractors = 1\nretry_delay = 0\n"
        "listen = '127.0.0.1:0'\nlog_format = 'json'\nlog_level = 'info'\n"
    )
    return file


@pytest.fixture
def wire(config: Path, tmp_path: Path) -> Path:
    """A drop folder that is a source."""
    wire = tmp_path / "wire"
    wire.mkdir()
    ingestd(config, "sources", "add", str(wire))
    return wire
