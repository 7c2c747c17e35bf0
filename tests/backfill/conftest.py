from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pydantic import SecretStr

from ingestd.pipeline.runtime import Runtime, open_runtime
from ingestd.settings import Settings


@pytest.fixture
async def runtime(database_url: str, tmp_path: Path) -> AsyncIterator[Runtime]:
    settings = Settings(
        state_dir=tmp_path / "state",
        database_url=SecretStr(database_url),
        allow_networks=(IPv4Network("127.0.0.0/8"),),
        host_delay=0,
        host_concurrency=4,
        retry_delay=0,
        attempts=2,
        extractors=1,
    )
    async with open_runtime(settings, role="backfill") as runtime:
        yield runtime
