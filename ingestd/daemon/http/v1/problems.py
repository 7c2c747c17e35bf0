"""Errors of the API as problem documents (RFC 9457)."""

import math
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from ingestd.json import to_json

#: Media type of a problem document.
MEDIA_TYPE = "application/problem+json"

#: Status → the last part of its type, and its title.
TYPES: dict[int, tuple[str, str]] = {
    400: ("invalid-request", "The request is not valid"),
    401: ("token-required", "A token is required"),
    403: ("not-allowed", "The caller may not do this"),
    404: ("not-found", "There is no such thing"),
    405: ("method-not-allowed", "The path has no such method"),
    406: ("not-acceptable", "No form that the client accepts"),
    408: ("too-slow", "The request did not arrive in time"),
    409: ("conflict", "The present state does not allow this"),
    410: ("gone", "No longer kept"),
    412: ("precondition-failed", "Changed in the meantime"),
    413: ("too-large", "The body is too large"),
    415: ("unsupported-media-type", "The body has another media type"),
    421: ("misdirected", "The host is not one of this server"),
    422: ("unprocessable", "The body cannot be processed"),
    429: ("too-many-requests", "Too many requests"),
    500: ("internal-error", "An error of ingestd"),
    503: ("unavailable", "Not available at present"),
}

#: Command that an error names → the request that does the same; {} stands for its first argument.
_REQUESTS = {
    "backfill list": "GET /v1/backfills",
    "consumers failures": "GET /v1/consumers/{}/failures",
    "consumers list": "GET /v1/consumers",
    "consumers seek": "POST /v1/consumers/{}/seek",
    "consumers show": "GET /v1/consumers/{}",
    "gaps list": "GET /v1/gaps",
    "records list": "GET /v1/records",
    "sources list": "GET /v1/sources",
    "stories list": "GET /v1/stories",
}
_COMMAND = re.compile(r"`ingestd ([a-z]+ [a-z]+)(?: ([^\s`]+))?[^`]*`")


class Problem(Exception):
    """An answer that is an error: its status, what happened, and members that a program may need."""

    def __init__(
        self, status: int, detail: str, *, retry_after: float | None = None, kind: str | None = None, **members: Any
    ) -> None:
        """Describe the error; `retry_after` is in seconds, `kind` the last part of a type that is not the status's."""
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after = retry_after
        self.kind = kind
        self.members = members

    def response(self) -> web.Response:
        """Return the answer."""
        headers = {}
        if self.status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        if self.retry_after is not None:
            headers["Retry-After"] = str(math.ceil(self.retry_after))
        return response(self.status, self.detail, kind=self.kind, headers=headers, **self.members)


def response(
    status: int, detail: str, *, kind: str | None = None, headers: Mapping[str, str] | None = None, **members: Any
) -> web.Response:
    """Return a problem document; `kind` is the last part of its type if that is not the one of the status."""
    document = {"type": type_of(status, kind), "title": _title(status), "status": status, "detail": detail, **members}
    return web.Response(text=to_json(document, indent=1), status=status, content_type=MEDIA_TYPE, headers=headers)


def type_of(status: int, kind: str | None = None) -> str:
    """Return the URI of a type of problems: a name, so that it is the same wherever ingestd is served."""
    return f"urn:ingestd:problem:{kind or TYPES.get(status, ('error', ''))[0]}"


def _title(status: int) -> str:
    return TYPES.get(status, ("", "Error"))[1]


def with_requests(detail: str) -> str:
    """Return what an error says with requests in the place of the commands that they stand for."""
    return _COMMAND.sub(_request, detail)


def _request(found: re.Match[str]) -> str:
    request = _REQUESTS.get(found[1])
    return found[0] if request is None else f"`{request.format(found[2] or 'NAME')}`"
