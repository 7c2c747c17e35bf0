"""POST /v1/inbox/SOURCE: accept a document that an agency pushes, in any supported format.

The request needs the inbox token or, when none is set, must come from this host.
"""

import asyncio
from pathlib import Path

import structlog
from aiohttp import web
from pydantic import Field

from ingestd.daemon.http.v1.parameters import Answer, Parameters, Text
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.route import Call, Route
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
_RETRY_SOON, _RETRY_LATER = 5, 60


class Receiver:
    """Takes pushes for a service, within a memory budget of its own, which polls do not share."""

    def __init__(self, service: Service) -> None:
        runtime = service.runtime
        self.service = service
        self.memory_budget = MemoryBudget(runtime.max_body)
        self.inbox = Inbox(
            run_id=runtime.run_id, claims=runtime.claims, database=runtime.database, poller=runtime.ingest.poller
        )


#: The receiver of an application.
RECEIVER = web.AppKey("receiver", Receiver)


class InboxPath(Parameters):
    """The source that a document is for."""

    source: Text = Field(description="Number, URL or name of the inbox (`wire` of `inbox:wire`).")


class Pushed(Answer):
    """What was committed."""

    source: int
    entries: int
    new: int
    changed: int


async def push(call: Call) -> object:
    """Push a document to a source, in any format that ingestd reads.

    The answer comes once the document is committed: sending it again adds nothing.
    """
    path: InboxPath = call.path
    receiver = call.request.app[RECEIVER]
    try:
        done = await _received(receiver, path.source, call.request)
    except (StoreError, OSError) as error:
        # The error of the driver or the disk is for the log only.
        log_failure(log, "push failed", error)
        reason = "the database or the disk is unavailable; see the log"
        raise Problem(503, reason, retry_after=_RETRY_LATER) from error
    except Busy as error:
        raise Problem(503, str(error), retry_after=_RETRY_SOON) from error
    except IngestError as error:
        if error.local:
            raise Problem(503, str(error), retry_after=_RETRY_SOON) from error
        raise Problem(422, str(error), error=type(error).__name__) from error
    receiver.service.count_push(done)
    return _summary(done)


async def _received(receiver: Receiver, name: str, request: web.Request) -> PollResult:
    runtime = receiver.service.runtime
    source_id = await _source_id(receiver.inbox, name)
    with receiver.memory_budget.reservation() as reservation:
        body = await _body(request, reservation, runtime.max_body, runtime.spool_folder)
        try:
            return await receiver.inbox.receive(source_id, body, content_type=request.headers.get("Content-Type"))
        except IngestError as error:
            if not (error.local or isinstance(error, StoreError | Busy)):
                receiver.service.count_push(None)
            raise


def _summary(done: PollResult) -> dict[str, int]:
    entries = len(done.new) + (done.known or 0)
    return {"source": done.source.id, "entries": entries, "new": len(done.new), "changed": len(done.changed)}


async def _source_id(inbox: Inbox, name: str) -> int:
    """Return the number of the source in the path; raises Problem."""
    try:
        row = await inbox.find(name)
    except UsageError as error:
        raise Problem(404, "no such source; see `ingestd sources list`") from error
    if row.state == "paused":
        raise Problem(409, f"source {row.id} is paused")
    return int(row.id)


async def _body(request: web.Request, reservation: Reservation, limit: int, folder: Path | None) -> bytes:
    """Return the document once the memory budget has room for it; raises Problem and Busy."""
    if (request.content_length or 0) > limit:
        raise Problem(413, f"more than max_body, {limit} bytes")
    with Spool(folder) as spool:
        try:
            async with asyncio.timeout(_UPLOAD_TIMEOUT):
                async for chunk in request.content.iter_any():
                    await spool.write(chunk)
                    if spool.size > limit:
                        raise Problem(413, f"more than max_body, {limit} bytes")
        except TimeoutError as error:
            raise Problem(408, f"the document did not arrive within {_UPLOAD_TIMEOUT:.0f} s") from error
        try:
            async with asyncio.timeout(PUSH_TIMEOUT):
                return await spool.load(reservation)
        except TimeoutError as error:
            raise Busy("too many pushes at once") from error


ROUTES = (
    Route(
        method="POST", path="/v1/inbox/{source}", handler=push, tag="Push", role="inbox", parameters=InboxPath,
        takes="*/*", answer=Pushed, status=202, errors=(408, 409, 413, 422),
    ),
)  # fmt: skip
