from collections.abc import AsyncIterator
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from pydantic import SecretStr

from ingestd.daemon.parts import Parts, open_parts
from ingestd.settings import Settings


@pytest.fixture
async def parts(database_url: str, tmp_path: Path) -> AsyncIterator[Parts]:
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
    async with open_parts(settings, role="backfill") as parts:
        yield parts
