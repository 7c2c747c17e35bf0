"""POST /v1/inbox/SOURCE: accept a document that an agency pushes, in any supported format.

The request needs the inbox token or, when none is set, must come from this host.
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
from aiohttp import web

from ingestd.daemon.http.access import is_authorised, json_response, unauthorised
from ingestd.daemon.service import Service
from ingestd.errors import Busy, IngestError, StoreError, UsageError
from ingestd.pipeline.inbox import PUSH_TIMEOUT, Inbox
from ingestd.store.outages import log_failure
from ingestd.store.polls.poll_result import PollResult
from ingestd.web.body.memory_budget import MemoryBudget, Reservation
from ingestd.web.body.spool import Spool

log = structlog.get_logger(__name__)

#: Seconds a sender has to send the whole document.
_UPLOAD_TIMEOUT = 60.0

#: When a sender may retry (seconds): while the source is busy, and while the database is unavailable.
_RETRY_SOON, _RETRY_LATER = {"Retry-After": "5"}, {"Retry-After": "60"}

PATH = "/v1/inbox/{source}"


class Rejected(Exception):
    """A push is rejected: the HTTP status and the reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def add_routes(app: web.Application, service: Service, token: str | None) -> None:
    """Add the inbox route."""
    runtime = service.runtime
    inbox = Inbox(run_id=runtime.run_id, claims=runtime.claims, database=runtime.database, poller=runtime.ingest.poller)
    # Separate from the budget of the polls, which pushes must not exhaust.
    memory_budget = MemoryBudget(runtime.max_body)

    async def take(request: web.Request) -> web.Response:
        source_id = await _source_id(inbox, request)
        with memory_budget.reservation() as reservation:
            body = await _body(request, reservation, runtime.max_body, runtime.spool_folder)
            try:
                done = await inbox.receive(source_id, body, content_type=request.headers.get("Content-Type"))
            except IngestError as error:
                if not (error.local or isinstance(error, StoreError | Busy)):
                    service.count_push(None)
                raise
        service.count_push(done)
        return json_response(_summary(done), status=202)

    app.router.add_post(PATH, _handler(take, token))


def _summary(done: PollResult) -> dict[str, int]:
    entries = len(done.new) + (done.known or 0)
    return {"source": done.source.id, "entries": entries, "new": len(done.new), "changed": len(done.changed)}


async def _source_id(inbox: Inbox, request: web.Request) -> int:
    """Return the number of the source in the path; raises Rejected."""
    name = request.match_info["source"]
    if "\0" in name:  # PostgreSQL accepts no NUL in text
        raise Rejected(404, "no such source")
    try:
        row = await inbox.find(name)
    except UsageError as error:
        raise Rejected(404, "no such source; see `ingestd sources list`") from error
    if row.state == "paused":
        raise Rejected(409, f"source {row.id} is paused")
    return int(row.id)


async def _body(request: web.Request, reservation: Reservation, limit: int, folder: Path | None) -> bytes:
    """Return the document once the memory budget has room for it; raises Rejected and Busy."""
    if (request.content_length or 0) > limit:
        raise Rejected(413, f"more than max_body, {limit} bytes")
    with Spool(folder) as spool:
        try:
            async with asyncio.timeout(_UPLOAD_TIMEOUT):
                async for chunk in request.content.iter_any():
                    await spool.write(chunk)
                    if spool.size > limit:
                        raise Rejected(413, f"more than max_body, {limit} bytes")
        except TimeoutError as error:
            raise Rejected(408, f"the document did not arrive within {_UPLOAD_TIMEOUT:.0f} s") from error
        try:
            async with asyncio.timeout(PUSH_TIMEOUT):
                return await spool.load(reservation)
        except TimeoutError as error:
            raise Busy("too many pushes at once") from error


def _handler(
    take: Callable[[web.Request], Awaitable[web.Response]], token: str | None
) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        if not is_authorised(request, token):
            return unauthorised(token, "inbox_token")
        if not token and "Origin" in request.headers:
            # A foreign page in a browser on this host can send a request, though it cannot read the response.
            return json_response({"error": "without inbox_token, no web page may push"}, status=403)
        try:
            return await take(request)
        except (Rejected, IngestError, OSError) as error:
            return _error_response(error)

    return handle


def _error_response(error: Exception) -> web.Response:
    if isinstance(error, Rejected):
        return json_response({"error": str(error)}, status=error.status)
    if isinstance(error, StoreError | OSError):
        # The error of the driver or the disk is for the log only.
        log_failure(log, "push failed", error)
        reason = "the database or the disk is unavailable; see the log"
        return json_response({"error": reason}, status=503, headers=_RETRY_LATER)
    if isinstance(error, Busy) or (isinstance(error, IngestError) and error.local):
        return json_response({"error": str(error)}, status=503, headers=_RETRY_SOON)
    return json_response({"error": str(error), "type": type(error).__name__}, status=422)
