from collections.abc import Iterator
from pathlib import Path

import pytest

from ingestd.library import shared_fetcher
from tests.support.papers import Papers


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """Settings that allow requests to the loopback; the fetcher made for them is closed at the end."""
    file = tmp_path / "ingestd.toml"
    file.write_text(f"state_dir = '{tmp_path}/state'\nallow_networks = ['127.0.0.0/8']\nhost_delay = 0\n")
    yield file
    shared_fetcher.close_all()


@pytest.fixture
def papers() -> Iterator[Papers]:
    papers = Papers()
    yield papers
    papers.close()
