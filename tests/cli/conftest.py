import math
from pathlib import Path

import pytest

from ingestd.cli.db import progress


@pytest.fixture(autouse=True)
def _no_progress(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine must not change what commands print."""
    monkeypatch.setattr(progress, "INTERVAL", math.inf)


def write_config(folder: Path, database_url: str = "") -> Path:
    file = folder / "ingestd.toml"
    database = f"database_url = '{database_url}'\n" if database_url else ""
    file.write_text(
        f"state_dir = '{folder}/state'\n{database}allow_networks = ['127.0.0.0/8']\nhost_delay = 0\n"
        "host_concurrency = 2\nextractors = 1\nattempts = 1\nlisten = '127.0.0.1:0'\n"
    )
    return file


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings for a new SQLite file, with requests to the loopback allowed."""
    return write_config(tmp_path)


@pytest.fixture
def either(tmp_path: Path, database_url: str) -> Path:
    """The same on each of the two databases."""
    return write_config(tmp_path, database_url)
