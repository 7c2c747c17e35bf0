"""Requests to the API: they are repeated while the daemon is busy or away, and problems become errors."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from random import uniform
from typing import Any, NoReturn

import aiohttp

from ingestd.client.errors import ApiError, ApiUnavailable, CursorRefused, LeaseLost

#: Statuses after which the same request may succeed.
_AGAIN = frozenset({429, 502, 503, 504})

#: Seconds: the first pause, the longest one, and the longest Retry-After that is waited for.
FIRST_PAUSE, LONGEST_PAUSE, LONGEST_RETRY_AFTER = 0.5, 30.0, 120.0

#: Bytes of an error that are read.
_MAX_PROBLEM = 65_536


def pause(tries: int, retry_after: str | None = None) -> float:
    """Return the seconds until the next try: what the server asks for, or each time twice as long, a little apart."""
    if retry_after and retry_after.isascii() and retry_after.isdigit():
        return min(float(retry_after), LONGEST_RETRY_AFTER)
    return min(FIRST_PAUSE * 2.0 ** min(tries, 10), LONGEST_PAUSE) * uniform(0.5, 1.0)  # noqa: S311 - no secret


class Requests:
    """Sends requests on one session."""

    def __init__(self, session: aiohttp.ClientSession, *, tries: int) -> None:
        self._session = session
        self._tries = tries

    @asynccontextmanager
    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        timeout: aiohttp.ClientTimeout | None = None,  # noqa: ASYNC109 - of aiohttp's session
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and return its response, which is a 2xx.

        A request that changes something is repeated only if the daemon says that it did nothing (429, 503), or could
        not be reached.

        Raises ApiError for a problem that the API answers with, ApiUnavailable when all tries have failed.
        """
        options: dict[str, Any] = {} if timeout is None else {"timeout": timeout}
        for tries in range(self._tries):
            is_last = tries == self._tries - 1
            try:
                response = await self._session.request(
                    method,
                    path,
                    params=_texts(query or {}),
                    json=body,
                    headers=headers,
                    allow_redirects=False,
                    **options,
                )
            except (aiohttp.ClientError, TimeoutError) as error:
                may_have_worked = method != "GET" and not isinstance(error, aiohttp.ClientConnectorError)
                if is_last or may_have_worked:
                    raise ApiUnavailable(f"{self._session._base_url or ''}: {str(error) or 'timed out'}") from error
                await asyncio.sleep(pause(tries))
                continue
            async with response:
                if response.status not in _AGAIN or is_last:
                    if response.status >= 300:
                        await _raise(response)
                    yield response
                    return
                seconds = pause(tries, response.headers.get("Retry-After"))
            await asyncio.sleep(seconds)


def _texts(query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return a query as texts: lists are repeated, and None is left out."""
    listed = [
        (name, one) for name, value in query.items() for one in (value if isinstance(value, list | tuple) else [value])
    ]
    return [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in listed
        if value is not None
    ]


async def _raise(response: aiohttp.ClientResponse) -> NoReturn:
    """Raise the error that a response is."""
    content = await response.content.read(_MAX_PROBLEM)
    try:
        problem = json.loads(content)
        detail = str(problem["detail"])
    except (ValueError, TypeError, KeyError):
        problem, detail = {}, response.reason or "error"
    kind: type[ApiError] = CursorRefused if response.status == 410 else ApiError
    if str(problem.get("type")).endswith("lease-ended"):
        kind = LeaseLost
    raise kind(response.status, detail, problem)
