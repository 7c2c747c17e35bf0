from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.daemon.http.v1.api import Api, open_api
from tests.daemon.services import be_patient


@pytest.fixture
async def api(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    be_patient(monkeypatch)
    async with open_api(tmp_path, database_url) as api:
        yield api
