"""Where agencies push: POST /v1/inbox/SOURCE, a document in any format that is read.

They have the token that is theirs, or, where there is none, are on this host.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from aiohttp import web

from ingestd.daemon.http.v1 import answered, may_ask, refused
from ingestd.daemon.service import Service
from ingestd.errors import Busy, IngestError, StoreError, UsageError
from ingestd.pipeline.inbox import PATIENCE, Inbox
from ingestd.store.polls.poll_result import Poll
from ingestd.web.body.memory_budget import MemoryBudget, Reservation
from ingestd.web.body.spool import Spool

log = structlog.get_logger(__name__)

#: Seconds that a sender has for all of its document.
_SENDING = 60.0

#: Seconds after which a sender may try again: where others are at work, and where the database is away.
_SOON, _LATER = {"Retry-After": "5"}, {"Retry-After": "60"}

PATH = "/v1/inbox/{source}"


class NoAnswer(Exception):
    """Why a push is not taken: the status, and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def add_routes(app: web.Application, service: Service, token: str | None) -> None:
    """Add what takes pushes."""
    runtime = service.runtime
    inbox = Inbox(run_id=runtime.run_id, database=runtime.database, poller=runtime.ingest.poller)
    # Of its own: however many push at once, the polls have theirs.
    memory_budget = MemoryBudget(runtime.max_body)

    async def take(request: web.Request) -> web.Response:
        number = await _number(inbox, request)
        with memory_budget.reservation() as reservation:
            body = await _body(request, reservation, runtime.max_body, runtime.folder)
            try:
                done = await inbox.take(number, body, content_type=request.headers.get("Content-Type"))
            except IngestError as error:
                if not (error.ours or isinstance(error, StoreError | Busy)):
                    service.pushed(None)
                raise
        service.pushed(done)
        return answered(_told(done), status=202)

    app.router.add_post(PATH, _answering(take, token))


def _told(done: Poll) -> dict[str, int]:
    entries = len(done.new) + (done.known or 0)
    return {"source": done.source.id, "entries": entries, "new": len(done.new), "changed": len(done.changed)}


async def _number(inbox: Inbox, request: web.Request) -> int:
    """Return the source that is meant; raises NoAnswer."""
    name = request.match_info["source"]
    if "\0" in name:  # PostgreSQL takes it for no text
        raise NoAnswer(404, "no such source")
    try:
        row = await inbox.find(name)
    except UsageError as error:
        raise NoAnswer(404, "no such source: `ingestd sources list` shows them") from error
    if row.state == "paused":
        raise NoAnswer(409, f"source {row.id} is paused")
    return int(row.id)


async def _body(request: web.Request, reservation: Reservation, most: int, folder: Path | None) -> bytes:
    """Return the document, as soon as there is room for it; raises NoAnswer."""
    if (request.content_length or 0) > most:
        raise NoAnswer(413, f"more than max_body, {most} bytes")
    with Spool(folder) as spool:
        try:
            async with asyncio.timeout(_SENDING):
                async for piece in request.content.iter_any():
                    await spool.write(piece)
                    if spool.size > most:
                        raise NoAnswer(413, f"more than max_body, {most} bytes")
        except TimeoutError as error:
            raise NoAnswer(408, f"the document did not come within {_SENDING:.0f} s") from error
        try:
            async with asyncio.timeout(PATIENCE):
                return await spool.load(reservation)
        except TimeoutError as error:
            raise Busy("too many pushes at once") from error


def _answering(
    take: Callable[[web.Request], Awaitable[web.Response]], token: str | None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if not may_ask(request, token):
            return refused(token, "inbox_token")
        if not token and "Origin" in request.headers:
            # A page of a stranger that a browser on this host shows may send, though it cannot read the answer.
            return answered({"error": "no web page may push, without inbox_token"}, status=403)
        try:
            return await take(request)
        except (NoAnswer, IngestError, OSError) as error:
            return _why_not(error)

    return handle


def _why_not(error: Exception) -> web.Response:
    if isinstance(error, NoAnswer):
        return answered({"error": str(error)}, status=error.status)
    if isinstance(error, StoreError | OSError):
        # What a driver or a disk says is for the log.
        log.warning("push has to wait", error=str(error))
        reason = "the database or the disk cannot be used; the log says why"
        return answered({"error": reason}, status=503, headers=_LATER)
    if isinstance(error, Busy) or (isinstance(error, IngestError) and error.ours):
        return answered({"error": str(error)}, status=503, headers=_SOON)
    return answered({"error": str(error), "type": type(error).__name__}, status=422)
