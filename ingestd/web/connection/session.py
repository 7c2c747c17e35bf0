"""Open the aiohttp session of the fetcher."""

from collections.abc import Mapping
from functools import partial
from ssl import SSLContext

import aiohttp
from aiohttp.abc import AbstractResolver

from ingestd.web.connection import aiohttp_hooks
from ingestd.web.connection.guard import Guard

# Connections in use at the same time; pacing limits those to one site.
_MAX_CONNECTIONS = 1000
# Bytes of a connection that are buffered; aiohttp pauses reading at twice as many.
_READ_BUFFER = 32 * 1024
# Seconds that an unused connection stays open, and that a resolved address is cached.
_KEEPALIVE, _DNS_TTL = 30.0, 60


def open_session(
    guard: Guard,
    resolver: AbstractResolver,
    *,
    tls: SSLContext | None,
    headers: Mapping[str, str],
    connect_timeout: float,
    connections: int = _MAX_CONNECTIONS,
) -> aiohttp.ClientSession:
    """Return a session that connects through the guard, sends `headers` and keeps no cookies.

    `tls` is the context for https, None for the system's certificates.  A request has `connect_timeout` seconds to
    connect to an address; the time for the whole is not bounded.  At most `connections` are in use at the same time.
    """
    return aiohttp.ClientSession(
        connector=aiohttp_hooks.Connector(
            limit=connections,
            keepalive_timeout=_KEEPALIVE,
            ttl_dns_cache=_DNS_TTL,
            resolver=resolver,
            ssl=tls or True,
            socket_factory=partial(aiohttp_hooks.open_socket, guard),
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout),
        auto_decompress=False,  # see `decoding`
        read_bufsize=_READ_BUFFER,
        middlewares=(aiohttp_hooks.send_once,),
    )
