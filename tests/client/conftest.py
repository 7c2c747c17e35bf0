"""A daemon as a process, on each of the two databases, with an inbox that tests push items into."""

import json
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from ingestd.client import Client
from tests.cli.running import ingestd
from tests.daemon.processes import Daemon
from tests.support.agency import ninjs

TOKEN = "a token that is long enough"


class Desk:
    """A daemon that can be killed and started again at the same address."""

    def __init__(self, config: Path, address: str) -> None:
        self.config = config
        self.address = address
        self._daemon: Daemon | None = None

    def start(self) -> None:
        self._daemon = Daemon(self.config)
        self._daemon.logged("started")

    def kill(self) -> None:
        if self._daemon and self._daemon.process.poll() is None:
            self._daemon.kill()

    def run(self, *arguments: str) -> None:
        done = ingestd(self.config, *arguments)
        assert done.status == 0, done.error

    async def send(self, *items: tuple[str, int] | tuple[str, int, str]) -> None:
        """Push versions of items, given as (name, version) or (name, version, status)."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        async with aiohttp.ClientSession(self.address, headers=headers) as session:
            for name, version, *status in items:
                fields: dict[str, Any] = {"pubstatus": status[0]} if status else {}
                text = {} if status else {"body_text": f"{name} says version {version} of what it has to say today."}
                item = ninjs(f"urn:{name}", version, headline=f"{name} {version}", **fields, **text)
                async with session.post("/v1/inbox/wire", data=json.dumps(item)) as reply:
                    assert reply.status == 202, await reply.text()


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = tmp_path / "ingestd.toml"
    config.write_text(
        f"state_dir = '{tmp_path}/state'\ndatabase_url = '{database_url}'\nlisten = '127.0.0.1:{port}'\n"
        f"api_token = '{TOKEN}'\nextractors = 1\nstories = false\nlog_format = 'json'\n"
    )
    desk = Desk(config, f"http://127.0.0.1:{port}")
    desk.run("sources", "add", "inbox:wire")
    desk.start()
    yield desk
    desk.kill()


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with Client(desk.address, TOKEN) as client:
        yield client
