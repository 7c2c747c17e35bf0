"""Check the Host header of every request.

A page of a stranger in a browser on this host can reach the daemon under the stranger's own name, by DNS rebinding;
then the browser lets its script read the answers. Only the Host header tells such a request from the operator's.
"""

from collections.abc import Awaitable, Callable, Collection
from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import web
from aiohttp.typedefs import Middleware

from ingestd.daemon.http.v1 import problems
from ingestd.settings import Listen
from ingestd.text import collapse

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Characters of a refused Host header in the response.
_MAX_QUOTED = 100


def host_check(listen: Listen, allowed: Collection[str]) -> Middleware:
    """Return a middleware that answers 421 to a request whose Host header is not one of ours.

    Ours are the loopback, the host of `listen`, the address that was connected to, and `allowed`.
    """
    # `ingestd health` and its like name no host that could be looked up; no browser reaches a UNIX socket by itself.
    ours = {*allowed, listen.host.lower()} if listen.path is None else {*allowed, "ingestd"}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        host = host_of(request.headers.get("Host"))
        # HTTP/1.0 may leave it out; browsers never do.
        if host is None or host in ours or is_loopback(host) or _is_address(host, _reached_at(request)):
            return await handler(request)
        shown = collapse(host)[:_MAX_QUOTED]
        if request.path.startswith("/v1/"):
            return problems.response(421, f"{shown!r} is not in allowed_hosts")
        return web.Response(text=f"421: Misdirected Request: {shown!r} is not in allowed_hosts", status=421)

    return check


def host_of(header: str | None) -> str | None:
    """Return the host in a Host header or an authority, in lower case, without port and brackets; None: it is empty."""
    if not header:
        return None
    host = header.partition("]")[0].removeprefix("[") if header.startswith("[") else header.partition(":")[0]
    return host.lower().rstrip(".")


def is_loopback(host: str) -> bool:
    """Return whether a host is a name or an address of the loopback."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def _reached_at(request: web.Request) -> str | None:
    name = request.transport and request.transport.get_extra_info("sockname")
    return str(name[0]) if isinstance(name, tuple) else None


def _is_address(host: str, address: str | None) -> bool:
    return address is not None and (found := _address(host)) is not None and found == _address(address)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """Return an address, an IPv4-mapped one as IPv4; None: it is a name."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found
