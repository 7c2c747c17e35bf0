"""Serve invented sites from a process of its own, and log when each request came and when its answer ended.

The time of a request is the kernel's (SO_TIMESTAMPNS): that of the last packet read, however long this process waited
for a core.  Each line of the log is a JSON object: an arrival has `n` (its number), `at`, `address`, `path` and
`agent`, the end of its answer `n`, `ended`, `status` and, with a refusal, `retry_after`.  Times are seconds of the
monotonic clock, which all processes of a machine share.

SIGUSR1 ends the publishing, SIGTERM the process, which ends by itself after `--seconds` at the latest.
"""

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import struct
import time
from pathlib import Path

from tests.cluster.sites import Site, make_sites

#: socket(7); Python has no name for it.
_SO_TIMESTAMPNS = 35
_TIMESTAMP = struct.Struct("@qq")

#: Bytes of a request at most.
_MOST = 65536

_AGENT = re.compile(rb"\r\nuser-agent: *([^\r]*)", re.IGNORECASE)
_CONDITION = re.compile(rb"\r\nif-none-match: *([^\r]*)", re.IGNORECASE)


class Simulator:
    """The sites and their log."""

    def __init__(self, sites: list[Site], port: int, log: Path) -> None:
        self._sites = {site.address: site for site in sites}
        self._port = port
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._began = time.monotonic()
        self._ended: float | None = None
        self._requests = 0
        #: Requests since its last refusal, and refusals, of each site.
        self._counts = {site.address: [0, 0] for site in sites}
        self._connections: set[asyncio.Task[None]] = set()

    def listen(self) -> None:
        """Listen at the address of each site."""
        loop = asyncio.get_running_loop()
        for address in self._sites:
            listener = socket.create_server((address, self._port), backlog=128)
            listener.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            listener.setblocking(False)
            loop.add_reader(listener, self._accept, listener, address)

    def stop_publishing(self) -> None:
        """Publish nothing more, and log how much each feed has published."""
        self._ended = time.monotonic()
        published = [
            {"site": site.number, "feed": feed, "items": self._published(site, feed)}
            for site in self._sites.values()
            for feed in range(site.feeds)
        ]
        self._write({"published": published, "at": self._ended})

    def _published(self, site: Site, feed: int) -> int:
        return site.published(feed, (self._ended or time.monotonic()) - self._began)

    def _accept(self, listener: socket.socket, address: str) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        task = asyncio.create_task(self._serve(connection, self._sites[address]))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, connection: socket.socket, site: Site) -> None:
        try:
            with connection:
                data = b""
                while True:
                    at = 0.0
                    while b"\r\n\r\n" not in data:
                        more, at = await _receive(connection)
                        if not more or len(data) > _MOST:
                            return
                        data += more
                    head, _, data = data.partition(b"\r\n\r\n")
                    await self._answer(connection, site, head, at or time.monotonic())
        except OSError:
            return

    async def _answer(self, connection: socket.socket, site: Site, head: bytes, at: float) -> None:
        self._requests += 1
        number = self._requests
        path = head.split(b" ", 2)[1].decode("latin-1")
        agent = (found := _AGENT.search(head)) and found[1].decode("latin-1")
        self._write({"n": number, "at": at, "address": site.address, "path": path, "agent": agent})
        condition = (found := _CONDITION.search(head)) and found[1]
        status, retry_after = 0, None
        try:
            await asyncio.sleep(site.latency)
            status, retry_after, reply = self._reply(site, path, condition or b"")
            await asyncio.get_running_loop().sock_sendall(connection, reply)
        except OSError:
            status = 0
            raise
        finally:
            self._write({"n": number, "ended": time.monotonic(), "status": status, "retry_after": retry_after})

    def _reply(self, site: Site, path: str, condition: bytes) -> tuple[int, float | None, bytes]:
        """Return the status, the seconds of Retry-After, and the answer."""
        counts, refusal = self._counts[site.address], site.refusal
        counts[0] += 1
        if refusal and counts[0] >= refusal.nth and counts[1] < refusal.most:
            counts[0], counts[1] = 0, counts[1] + 1
            answer = _message(f"{refusal.status} Busy", b"", f"Retry-After: {refusal.retry_after:g}\r\n")
            return refusal.status, refusal.retry_after, answer
        match path.split("/")[1:]:
            case ["robots.txt"]:
                return 200, None, _message("200 OK", site.robots(), "Content-Type: text/plain\r\n")
            case ["feed", feed]:
                count = self._published(site, int(feed))
                etag = f'"{feed}-{count}"'
                if condition == etag.encode():
                    return 304, None, _message("304 Not Modified", b"", f"ETag: {etag}\r\n")
                headers = f"ETag: {etag}\r\nContent-Type: application/atom+xml\r\n"
                return 200, None, _message("200 OK", site.feed_document(int(feed), count, self._port), headers)
            case ["page", feed, item]:
                headers = "Content-Type: text/html\r\n"
                return 200, None, _message("200 OK", site.page(int(feed), int(item)), headers)
            case _:
                return 404, None, _message("404 Not Found", b"", "")

    def _write(self, line: dict[str, object]) -> None:
        os.write(self._log, json.dumps(line).encode() + b"\n")


async def _receive(connection: socket.socket) -> tuple[bytes, float]:
    """Return what comes next, and when it came; nothing at the end."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, ready.set)
    try:
        while True:
            try:
                data, extra, _, _ = connection.recvmsg(_MOST, 1024)
            except BlockingIOError:
                ready.clear()
                await ready.wait()
                continue
            offset = time.time() - time.monotonic()
            for level, kind, value in extra:
                if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMPNS):
                    seconds, nanoseconds = _TIMESTAMP.unpack_from(value)
                    return data, seconds + nanoseconds / 1e9 - offset
            return data, time.monotonic()
    finally:
        loop.remove_reader(connection)


def _message(status: str, body: bytes, headers: str) -> bytes:
    length = "" if status.startswith("304") else f"Content-Length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\n{headers}{length}\r\n".encode() + body


async def main(arguments: argparse.Namespace) -> None:
    """Serve until SIGTERM."""
    sites = make_sites(arguments.sites, arguments.network, most=arguments.most, period=arguments.period)
    simulator = Simulator(sites, arguments.port, arguments.log)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    loop.add_signal_handler(signal.SIGUSR1, simulator.stop_publishing)
    simulator.listen()
    print("ready", flush=True)
    try:
        async with asyncio.timeout(arguments.seconds):
            await ended.wait()
    except TimeoutError:
        print("ended by itself", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, required=True)
    parser.add_argument("--network", required=True, help="first two parts of the addresses of the sites")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--most", type=int, required=True, help="items of a feed at most")
    parser.add_argument("--period", type=float, required=True, help="seconds between two items of a feed")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=1800.0)
    asyncio.run(main(parser.parse_args()))
