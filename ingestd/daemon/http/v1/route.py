"""A route of the API, and the request that its handler gets."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from inspect import getdoc
from typing import Any, Literal

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.daemon.http.v1.parameters import Body, Parameters
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.service import Service
from ingestd.model.token import Caller, Role

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

#: What a caller needs: a role; `open`: nothing; `inbox`: the token of the inboxes.
Needed = Role | Literal["open", "inbox"]

#: Seconds that a request may read the database.
MAX_READING = 15.0

#: Bytes of a body in JSON.
MAX_BODY = 65_536


class NoParameters(Parameters):
    """A query or path without parameters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was allowed and checked."""

    request: web.Request
    service: Service
    caller: Caller
    #: Instances of the models of the route; `body` is None if the route has none.
    query: Any
    path: Any
    body: Any = None
    #: Whether the caller asks for what is withheld or killed, and may read it; that is logged.
    include_withheld: bool = False

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection that reads; what takes longer than MAX_READING is ended, and raises Problem."""
        try:
            async with asyncio.timeout(MAX_READING), self.service.runtime.database.read() as connection:
                yield connection
        except TimeoutError as error:
            detail = f"the database did not answer within {MAX_READING:.0f} s; ask for less, or try again later"
            raise Problem(503, detail, retry_after=MAX_READING) from error

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Open a transaction that writes."""
        return self.service.runtime.database.write()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer that is not just a value as JSON with the status of the route."""

    #: Written as JSON, unless `body` is given.
    value: object = None
    body: bytes | None = None
    #: None: those of the route.
    status: int | None = None
    media_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


#: Returns a value that is written as JSON, a Reply, or a response that it has prepared itself, such as a stream.
Handler = Callable[[Call], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path: how a request is checked, and what the description says of it.

    The first line of the handler's docstring is the summary in the description, the rest its text.
    """

    method: Method = "GET"
    #: With the names of its parameters in braces: `/v1/records/{id}`.
    path: str
    handler: Handler
    #: The section of the description that it is in.
    tag: str
    role: Needed = "read"
    query: type[Parameters] = NoParameters
    #: The parameters in the path.
    parameters: type[Parameters] = NoParameters
    #: None: the request has no body in JSON.
    body: type[Body] | None = None
    #: Media type of a body that the handler reads itself, such as `*/*`.
    takes: str | None = None
    #: Bytes of the body.
    max_body: int = MAX_BODY
    #: A type that pydantic knows: what the answer is as JSON; None: it has no body in JSON.
    answer: Any = None
    #: Media types of the answer.
    media_types: tuple[str, ...] = ("application/json",)
    status: int = 200
    #: Other statuses with the same answer.
    also: tuple[int, ...] = ()
    #: Statuses of errors that only this route has; those of all routes need not be named.
    errors: tuple[int, ...] = ()
    #: Whether a caller whose token has a filter gets what that lets through; otherwise such a caller is refused.
    filtered: bool = False
    #: Whether it waits for events: such requests do not count among those at once.
    waits: bool = False
    #: Whether it takes `include_withheld`.
    withheld: bool = False
    #: Whether the answer has an ETag, so that a client can ask whether it changed.
    cacheable: bool = False

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return _documented(self.handler)[0]

    @property
    def description(self) -> str:
        """What there is to say besides the summary."""
        return _documented(self.handler)[1]


def _documented(handler: Handler) -> tuple[str, str]:
    first, _, rest = (getdoc(handler) or "").partition("\n")
    return first.strip(), rest.strip()
