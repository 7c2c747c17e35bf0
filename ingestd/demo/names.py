"""The name server of the newsroom: each outlet has a host of its own, below `.localhost`.

Browsers resolve such names to the loopback by themselves (RFC 6761, 6.3), most systems do not; so the demo gives the
daemon this name server (`nameservers`), which knows no other names.
"""

import asyncio

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

#: Seconds for which an answer may be kept.
_TTL = 60


class NameServer(asyncio.DatagramProtocol):
    """Answers queries by UDP, on a free port of 127.0.0.1."""

    def __init__(self) -> None:
        #: As `nameservers` has it, HOST:PORT; empty until `open`.
        self.address = ""
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Listen."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        host, port = self._transport.get_extra_info("sockname")
        self.address = f"{host}:{port}"

    async def close(self) -> None:
        """Stop listening; does nothing when it is not open."""
        if self._transport:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a query; what is none is ignored."""
        try:
            query = dns.message.from_wire(data)
        except dns.exception.DNSException:
            return
        if self._transport and query.question and not query.flags & dns.flags.QR:
            self._transport.sendto(_answer(query).to_wire(), addr)


def _answer(query: dns.message.Message) -> dns.message.Message:
    """Return 127.0.0.1 for every name below `.localhost`; other names do not exist, but for the root."""
    answer = dns.message.make_response(query)
    asked = query.question[0]
    labels = asked.name.labels
    if labels[-2:-1] == (b"localhost",):
        if asked.rdtype == dns.rdatatype.A:
            answer.answer.append(dns.rrset.from_text(asked.name, _TTL, "IN", "A", "127.0.0.1"))
    elif len(labels) > 1:
        answer.set_rcode(dns.rcode.NXDOMAIN)
    return answer
