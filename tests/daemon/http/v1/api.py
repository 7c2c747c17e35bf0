"""The API of a service on the database under test, and the commands beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from ingestd.daemon.health import Health
from ingestd.daemon.http.access import Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import open_runtime
from ingestd.pipeline.stories.placer import Placer
from ingestd.settings import Listen, Settings
from ingestd.store.database import Database
from tests.cli.conftest import write_config
from tests.cli.running import ingestd

TOKEN = "a token that is long enough"


@dataclass(frozen=True)
class Answer:
    status: int
    value: Any
    headers: Any
    #: The address of the next page.
    next: str | None


@dataclass(frozen=True)
class Api:
    """A client that has the token of the settings."""

    client: aiohttp.ClientSession
    service: Service
    config: Path

    @property
    def database(self) -> Database:
        return self.service.runtime.database

    async def request(
        self, method: str, path: str, *, json: object = None, token: str | None = None, **query: object
    ) -> Answer:
        parameters = {name.removesuffix("_"): str(value) for name, value in query.items()}
        headers = {"Authorization": f"Bearer {token}"} if token else None
        async with self.client.request(method, path, params=parameters, json=json, headers=headers) as reply:
            value = await reply.json(content_type=None) if reply.content_length else None
            following = reply.links.get("next")
            return Answer(reply.status, value, reply.headers, str(following["url"]) if following else None)

    async def get(self, path: str, **query: Any) -> Answer:
        return await self.request("GET", path, **query)

    async def value(self, path: str, **query: Any) -> Any:
        answer = await self.get(path, **query)
        assert answer.status == 200, answer.value
        return answer.value

    async def pages(self, path: str, **query: Any) -> list[Any]:
        """Return the items of all pages."""
        answer, found = await self.get(path, **query), list[Any]()
        while True:
            assert answer.status == 200, answer.value
            found += answer.value
            if answer.next is None:
                return found
            answer = await self.get(answer.next, token=query.get("token"))

    async def command(self, *arguments: object) -> Any:
        """Return what a command prints as JSON."""
        done = await asyncio.to_thread(ingestd, self.config, *arguments, "--json")
        assert done.status == 0, done.error
        return done.json


@asynccontextmanager
async def open_api(folder: Path, database_url: str) -> AsyncIterator[Api]:
    """Serve the API of a service that polls nothing."""
    config = write_config(folder, database_url)
    settings = Settings(
        state_dir=folder / "state", database_url=database_url, extractors=1, allow_networks="127.0.0.0/8", host_delay=0
    )
    async with open_runtime(settings, role="daemon") as runtime:
        service = Service(runtime, max_polls=2, max_pages=2, per_site=1, placer=Placer(runtime.database))
        access, headers = Access.with_token(TOKEN), {"Authorization": f"Bearer {TOKEN}"}
        served = serve(Health(service), Listen(host="127.0.0.1", port=0), access)
        async with served as base, aiohttp.ClientSession(base, headers=headers) as client:
            yield Api(client, service, config)
