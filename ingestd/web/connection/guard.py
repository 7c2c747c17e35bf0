"""Never connect where we must not: an address is judged as the socket for it is opened.

A feed may name any URL, a redirect may lead anywhere, and a name may resolve to one address when it is looked at
and to another when it is used.  So neither URLs nor names are judged, but the address that is about to be
connected to; by then "2130706433", "0x7f.1" and "127.1" have become what they are.

Ports are not judged: a feed on port 8080 is as good as another.
"""

import errno
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import aiohttp

# What IANA has given out for unicast so far (RFC 4291, 2.4); ipaddress calls much beyond it global.
_UNICAST = IPv6Network("2000::/3")
# Special too, and not known as such to the ipaddress of every Python: IETF protocol assignments (RFC 6890; in
# IPv6 with Teredo), documentation (RFC 9637).
_SPECIAL = (IPv4Network("192.0.0.0/24"), IPv6Network("2001::/23"), IPv6Network("3fff::/20"))
# RFC 6052: DNS64 makes such addresses for a host without IPv4, and they lead to the IPv4 address at their end.
_NAT64 = IPv6Network("64:ff9b::/96")


class Blocked(PermissionError):
    """The guard opened no socket.

    An OSError, because that is what the connecting code takes for "not at this address".
    """

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EACCES, reason)
        self.reason = reason


class Guard:
    """Opens sockets to globally routable unicast addresses, and to `allow_networks`, and to nothing else.

    An allowed IPv4 network also allows its addresses in IPv6 form (::ffff:10.0.0.1).
    """

    def __init__(self, allow_networks: Sequence[IPv4Network | IPv6Network] = ()) -> None:
        self._allowed = tuple(allow_networks)

    def objection(self, address: str) -> str | None:
        """Return why an address must not be connected to, or None when it may be."""
        plain = _plain(ip_address(address.partition("%")[0]))
        if _is_public(plain) or any(plain in network for network in self._allowed):
            return None
        kind = "multicast" if plain.is_multicast else "private"
        return f"{plain} is a {kind} address; allow_networks may allow it"

    def open_socket(self, addr_info: aiohttp.AddrInfoType) -> socket.socket:
        """Open a socket for an address, as aiohttp's `socket_factory`.

        Raises Blocked when the address must not be connected to.
        """
        family, kind, protocol, _, address = addr_info
        if reason := self.objection(str(address[0])):
            raise Blocked(reason)
        return socket.socket(family, kind, protocol)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address the system connects to for an IPv4-mapped one, else the address itself."""
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if address in _NAT64:
            return _is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
        if address not in _UNICAST or (address.sixtofour and not _is_public(address.sixtofour)):
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in _SPECIAL)
