"""An endpoint of webhooks on the loopback, which verifies every attempt with the library of the standard."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiohttp import web
from standardwebhooks import Webhook


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that the endpoint got, with a valid signature."""

    id: str
    timestamp: int
    body: Any
    headers: dict[str, str]


@dataclass
class WebhookReceiver:
    """A server on 127.0.0.1; `answers` are its next answers, after which it answers with 204."""

    #: One for each of its secrets; an attempt must have a valid signature of each.
    secrets: list[str]
    answers: list[web.Response | Callable[[web.Request], Awaitable[web.Response]]] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    #: What was wrong with attempts that are not in `attempts`.
    errors: list[Exception] = field(default_factory=list)
    #: Set whenever an attempt came.
    came: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""
    #: With it, the endpoint speaks https.
    tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self.tls).start()
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{self._runner.addresses[0][1]}/hook"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        if kind is None:
            assert self.errors == []

    async def close(self) -> None:
        """Close the port and all connections."""
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        try:
            for secret in self.secrets:
                Webhook(secret).verify(body, dict(request.headers))
            headers = {name.lower(): value for name, value in request.headers.items()}
            attempt = Attempt(headers["webhook-id"], int(headers["webhook-timestamp"]), json.loads(body), headers)
        except Exception as error:
            self.errors.append(error)
            raise
        self.attempts.append(attempt)
        self.came.set()
        answer = self.answers.pop(0) if self.answers else web.Response(status=204)
        return answer if isinstance(answer, web.Response) else await answer(request)
