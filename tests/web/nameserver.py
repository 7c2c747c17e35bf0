"""DNS server on the loopback that gives the answers of a test, and records the queries."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset


class Nameserver(asyncio.DatagramProtocol):
    """Answers queries for A records over UDP; other types have no records."""

    def __init__(self) -> None:
        #: Name → its answers, one for each query, the last one repeated: addresses, an error, or None for no answer.
        self.names: dict[str, list[Sequence[str] | dns.rcode.Rcode | None]] = {}
        #: Names that were queried for an IPv4 address.
        self.queries: list[str] = []

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]
        self.transport = transport
        self.address = "{}:{}".format(*transport.get_extra_info("sockname"))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        answer = self._answer(question)
        if answer is not None:
            self.transport.sendto(answer.to_wire(), addr)

    def _answer(self, query: dns.message.Message) -> dns.message.Message | None:
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True)
        reply = dns.message.make_response(query)
        known = self.names.get(name, [dns.rcode.NXDOMAIN])
        found = known[0]
        if question.rdtype == dns.rdatatype.A:
            self.queries.append(name)
            found = known.pop(0) if len(known) > 1 else known[0]
        if found is None:
            return None
        if isinstance(found, dns.rcode.Rcode):
            reply.set_rcode(found)
        elif question.rdtype == dns.rdatatype.A and found:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", *found))
        return reply


@asynccontextmanager
async def serving() -> AsyncIterator[Nameserver]:
    loop = asyncio.get_running_loop()
    transport, nameserver = await loop.create_datagram_endpoint(Nameserver, local_addr=("127.0.0.1", 0))
    try:
        yield nameserver
    finally:
        transport.close()
