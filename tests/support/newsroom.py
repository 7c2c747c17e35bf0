"""The newsroom: a web server on the loopback that publishes what a test asks for, and records the requests."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Self

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response to one request."""

    status: int = 200
    body: bytes = b""
    content_type: str | None = "application/rss+xml"
    headers: CIMultiDict[str] = field(default_factory=CIMultiDict)
    #: Answer 304 to a request with this answer's own ETag or Last-Modified.
    conditional: bool = False
    #: If given: send the response only once this is set.
    when: asyncio.Event | None = None
    #: Send fewer bytes than Content-Length announces.
    truncated: bool = False
    #: Send these bytes instead of a response, then close the connection.
    raw: bytes | None = None
    #: After `raw`, keep the connection open and send nothing more.
    stalled: bool = False
    #: Abort the connection without a response.
    reset: bool = False


@dataclass(slots=True, kw_only=True)
class Request:
    """A received request; times are monotonic seconds."""

    method: str
    #: With its query, as received.
    path: str
    headers: CIMultiDictProxy[str]
    body: bytes
    started: float
    ended: float | None = None


class Newsroom:
    """An HTTP server on a free port of 127.0.0.1; an async context manager."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        #: The largest number of requests answered at the same time.
        self.most_at_once = 0
        #: Set by each request; a test that waits for the next one clears it first.
        self.asked = asyncio.Event()
        self._at_once = 0
        self._published: dict[str, list[Answer]] = {}
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None), shutdown_timeout=0.01)

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._runner.cleanup()

    def url(self, path: str = "/", *, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def publish(
        self,
        path: str,
        *,
        answers: Sequence[Answer] = (),
        status: int = 200,
        body: bytes = b"",
        content_type: str | None = "application/rss+xml",
        conditional: bool = False,
        when: asyncio.Event | None = None,
        truncated: bool = False,
        raw: bytes | None = None,
        stalled: bool = False,
        reset: bool = False,
        **headers: str,
    ) -> str:
        """Set the answer to requests for a path, and return its URL; other paths are answered with 404.

        Header names have underscores for dashes: `Retry_After="120"`.  With `answers`, the requests get them in order;
        the last one is repeated.
        """
        answer = Answer(
            status=status,
            body=body,
            content_type=content_type,
            headers=CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()}),
            conditional=conditional,
            when=when,
            truncated=truncated,
            raw=raw,
            stalled=stalled,
            reset=reset,
        )
        self._published[path] = [*answers] or [answer]
        return self.url(path)

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        received = Request(
            method=request.method,
            path=request.raw_path,
            headers=request.headers,
            body=await request.read(),
            started=monotonic(),
        )
        self.requests.append(received)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        self.asked.set()
        try:
            return await _send(request, self._next(request.path))
        finally:
            self._at_once -= 1
            received.ended = monotonic()

    def _next(self, path: str) -> Answer:
        answers = self._published.get(path, [Answer(status=404)])
        return answers.pop(0) if len(answers) > 1 else answers[0]


async def _send(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    if answer.when:
        await answer.when.wait()
    if answer.reset:
        request.transport.abort()
    elif answer.raw is not None:
        request.transport.write(answer.raw)
        if answer.stalled:
            await asyncio.Event().wait()
        request.transport.close()
    elif answer.truncated:
        head = f"HTTP/1.1 {answer.status} OK\r\nContent-Length: {len(answer.body) + 1}\r\n\r\n"
        request.transport.write(head.encode() + answer.body)
        request.transport.close()
    headers = answer.headers.copy()
    if answer.content_type is not None:
        headers["Content-Type"] = answer.content_type
    if answer.conditional and _is_known(request, answer):
        return web.Response(status=304, headers=headers)
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def _is_known(request: web.BaseRequest, answer: Answer) -> bool:
    """Return whether the client has the answer already; If-None-Match takes precedence (RFC 9110, 13.2.2)."""
    if "If-None-Match" in request.headers:
        return request.headers["If-None-Match"] == answer.headers.get("ETag")
    return "If-Modified-Since" in request.headers and (
        request.headers["If-Modified-Since"] == answer.headers.get("Last-Modified")
    )
