"""Guard against forbidden addresses: it checks each address when the socket for it is opened.

A feed may name any URL, a redirect may lead anywhere, and a name may resolve to one address when it is checked and to
another when it is used (DNS rebinding).  So the guard checks neither URLs nor names, but the address about to be
connected to; by then "2130706433", "0x7f.1" and "127.1" have become 127.0.0.1.

Ports are not checked: a feed on port 8080 is as good as another.
"""

import errno
import socket
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:  # a command that checks an address needs no HTTP client
    import aiohttp

S = TypeVar("S", bound=socket.socket)

# What IANA has allocated for global unicast (RFC 4291, 2.4); `ipaddress` calls much outside it global.
_UNICAST = IPv6Network("2000::/3")
# Special addresses that not every Python's `ipaddress` knows: IETF protocol assignments (RFC 6890; in IPv6 with
# Teredo), documentation (RFC 9637).
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
# RFC 6052: DNS64 makes such addresses for a host without IPv4; they lead to the IPv4 address in their last 32 bits.
_NAT64 = IPv6Network("64:ff9b::/96")


class Blocked(PermissionError):
    """The guard refused an address and opened no socket.

    It is an OSError because connecting code tries the next address after one.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EACCES, reason)
        self.reason = reason


class Guard:
    """Opens sockets to globally routable unicast addresses and to `allow_networks`, and refuses all others.

    An allowed IPv4 network also allows its addresses in IPv6 form (::ffff:10.0.0.1).
    """

    def __init__(self, allow_networks: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._allowed = tuple(allow_networks)
        #: An address has at most 45 characters.
        self._known_reason = lru_cache(maxsize=1024)(self._reason)

    def blocked_reason(self, address: str) -> str | None:
        """Return why an address is forbidden, or None when it is allowed."""
        return self._known_reason(address.partition("%")[0])

    def blocked_host(self, host: str) -> str | None:
        """Return why the host of a URL is forbidden, or None when it is allowed or only its addresses can tell.

        Those are known when a socket is opened.  A host that is written as an address, or is this one (`localhost`,
        RFC 6761, 6.3), can be refused before, when somebody enters it.
        """
        name = host.rstrip(".").lower()
        if name == "localhost" or name.endswith(".localhost"):
            reasons = [self.blocked_reason(address) for address in ("127.0.0.1", "::1")]
            return reasons[0] if all(reasons) else None
        try:
            return self.blocked_reason(host)
        except ValueError:
            pass
        try:
            return self.blocked_reason(socket.inet_ntoa(socket.inet_aton(host)))
        except OSError:
            return None

    def _reason(self, address: str) -> str | None:
        plain = _plain(ip_address(address))
        if _is_public(plain) or any(plain in network for network in self._allowed):
            return None
        kind = "multicast" if plain.is_multicast else "private"
        return f"{plain} is a {kind} address; set allow_networks to allow it"

    def open_socket(self, addr_info: "aiohttp.AddrInfoType") -> socket.socket:
        """Open a socket for an address; raises Blocked when the address is forbidden."""
        return self.open_socket_as(socket.socket, addr_info)

    def open_socket_as(self, socket_type: type[S], addr_info: "aiohttp.AddrInfoType") -> S:
        """Open a socket of a type for an address; raises Blocked when the address is forbidden."""
        family, kind, protocol, _, address = addr_info
        if reason := self.blocked_reason(str(address[0])):
            raise Blocked(reason)
        return socket_type(family, kind, protocol)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv4-mapped address connects to, else the address itself."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return _is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _UNICAST or (address.sixtofour and not _is_public(address.sixtofour)):
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _SPECIAL)
