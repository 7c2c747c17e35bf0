from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingestd.daemon.service import Service
from tests.daemon.services import Hung, open_service


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with open_service(tmp_path / "state") as service:
        yield service


@pytest.fixture
async def hung() -> AsyncIterator[Hung]:
    async with Hung.open() as hung:
        yield hung
