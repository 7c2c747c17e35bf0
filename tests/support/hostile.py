"""A web server with hostile answers, each at a path and a site of its own (an address in 127.0.0.0/8).

Run as a process (`python -m tests.support.hostile SECRET`), it prints its URLs by name, as JSON on one line.
"""

import asyncio
import gzip
import json
import sys
import zlib
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from types import TracebackType
from typing import Self

import brotli
import zstandard

from tests.support.soak import size

Write = Callable[[asyncio.StreamWriter], Awaitable[None]]

MIB = 2**20

#: Bytes that a bomb decompresses to: more than the limits of a body and of a gzip file in it.
BOMB = size(80, 200) * MIB
#: Items of a feed, more than are read; and the empty items after them.
ITEMS, EMPTY_ITEMS = size(10_100, 20_000), size(1_000, 1_000_000)


def rss(*items: str, head: str = "", prolog: str = "<?xml version='1.0'?>") -> bytes:
    """Return an RSS document."""
    return f"{prolog}<rss version='2.0'><channel><title>F</title>{head}{''.join(items)}</channel></rss>".encode()


def item(guid: object, title: str = "T", link: str = "", more: str = "") -> str:
    return f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title><link>{link}</link>{more}</item>"


def answer(body: bytes, *headers: str, kind: str = "application/rss+xml") -> Write:
    """Return a well-formed HTTP response with a body."""

    async def write(writer: asyncio.StreamWriter) -> None:
        lines = [
            "HTTP/1.1 200 OK",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            "Connection: close",
            *headers,
        ]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return write


def raw(*pieces: bytes, every: float = 0.0, times: int = 1) -> Write:
    """Return a response of raw pieces, written `times` times, each followed by a pause of `every` seconds."""

    async def write(writer: asyncio.StreamWriter) -> None:
        for _ in range(times):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(every)

    return write


def then(*steps: Write) -> Write:
    async def write(writer: asyncio.StreamWriter) -> None:
        for step in steps:
            await step(writer)

    return write


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
FOR_EVER = 10**9


@cache
def _bombs() -> dict[str, bytes]:
    """Return the bombs by Content-Encoding; compressed once, at the fastest level, since zeros compress well anyway."""
    zeros = bytes(BOMB)
    gzipped = gzip.compress(zeros, 1)
    return {
        "gzip": gzipped,
        "gzip, gzip": gzip.compress(gzipped, 1),
        "br": brotli.compress(zeros, quality=1),
        "zstd": zstandard.compress(zeros),
        "deflate": zlib.compress(zeros, 1),
    }


def _gzipped(body: bytes) -> Write:
    return answer(body, "Content-Encoding: gzip")


def _entities() -> bytes:
    rows = "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 12))
    return rss(item(1, "&e11;"), prolog=f"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY e0 'ha'>{rows}]>")


def _quadratic() -> bytes:
    big = f"<?xml version='1.0'?><!DOCTYPE rss [<!ENTITY b '{'b' * 100_000}'>]>"
    return rss(item(1, "&b;" * 20_000), prolog=big)


def _json(*items: object) -> bytes:
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": "F", "items": items}).encode()


def pages(base: str, secret: str) -> dict[str, Write]:
    """Return the answers by path; `base` is this server's URL, `secret` a file that no XML entity may read."""
    external = f"<!DOCTYPE rss SYSTEM '{base}/external.dtd'>"
    xxe = f"<!DOCTYPE rss [<!ENTITY x SYSTEM 'file://{secret}'>]>"
    include = f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' parse='text' href='file://{secret}'/>"
    date = "<pubDate>{}</pubDate>"
    bombs = _bombs()
    return {
        # Bombs.
        "gzip-bomb": _gzipped(bombs["gzip"]),
        "double-gzip-bomb": answer(bombs["gzip, gzip"], "Content-Encoding: gzip, gzip"),
        "br-bomb": answer(bombs["br"], "Content-Encoding: br"),
        "zstd-bomb": answer(bombs["zstd"], "Content-Encoding: zstd"),
        "gzip-in-a-file-bomb": answer(bombs["gzip"], kind="application/gzip"),
        "deflate-bomb": answer(bombs["deflate"], "Content-Encoding: deflate"),
        # Bodies that lie, stall, or never end.
        "truncated-gzip": _gzipped(gzip.compress(rss(*(item(n) for n in range(500))))[:-20]),
        "endless": then(raw(OK + b"\r\n"), raw(b"x" * 65_536, times=FOR_EVER)),
        "endless-chunks": then(raw(CHUNKED), raw(b"10000\r\n" + b"x" * 65_536 + b"\r\n", times=FOR_EVER)),
        "a-hundred-megabytes": raw(OK + b"Content-Length: 104857600\r\n\r\n", b"x" * MIB),
        "less-than-promised": raw(OK + b"Content-Length: 1000\r\n\r\n" + rss()),
        "slow-head": then(raw(OK), raw(b"X-Slow: 1\r\n", every=0.2, times=FOR_EVER)),
        "slow-body": then(raw(OK + b"Content-Length: 1000000\r\n\r\n"), raw(b"x", every=0.2, times=FOR_EVER)),
        "no-answer": raw(b"", every=3600.0),
        "many-headers": raw(OK, b"".join(b"X-%d: y\r\n" % n for n in range(100_000)), b"\r\n" + rss()),
        "long-header": raw(OK + b"X-Long: " + b"y" * 10 * MIB + b"\r\n\r\n" + rss()),
        "interim-for-ever": raw(b"HTTP/1.1 102 Processing\r\n\r\n" * 1000, every=0.01, times=FOR_EVER),
        "broken-chunks": raw(CHUNKED + b"5\r\nhello\r\nZZ\r\nworld\r\n0\r\n\r\n"),
        "negative-length": raw(OK + b"Content-Length: -5\r\n\r\n" + rss()),
        "two-lengths": raw(OK + b"Content-Length: 5\r\nContent-Length: 900\r\n\r\n" + rss()),
        "not-http": raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        # XML.
        "entity-bomb": answer(_entities()),
        "quadratic-bomb": answer(_quadratic()),
        "xxe": answer(rss(item(1, "&x;"), prolog=f"<?xml version='1.0'?>{xxe}")),
        "external-dtd": answer(rss(item(1), prolog=f"<?xml version='1.0'?>{external}")),
        "xinclude": answer(rss(item(1, include))),
        "deep": answer(rss("<a>" * 100_000 + "</a>" * 100_000)),
        "deep-description": answer(rss(item(1, more="<description>" + "&lt;b&gt;" * 100_000 + "</description>"))),
        # Feeds.
        "too-many-entries": answer(rss(*map(item, range(ITEMS)), "<item/>" * EMPTY_ITEMS)),
        "five-megabytes-of-title": answer(rss(item(1, "t" * 5 * MIB))),
        "a-long-date": answer(rss(item(1, more=date.format("1" * 500_000)))),
        "same-guids": answer(rss(*(item("same", f"T{n}") for n in range(1000)))),
        "absurd-dates": answer(rss(
            *(item(n, more=date.format(text)) for n, text in enumerate(
                ["0000-00-00", "Mon, 99 Foo 99999 99:99:99 +9999", "-1", "1e400", "9999-12-31T23:59:59Z", "0",
                 "Sat, 31 Dec 9999 23:59:59 -1200", "\N{ARABIC-INDIC DIGIT ONE}"])))),
        "nul": answer(rss(item(1, "a\0b&#0;c")) + b"\0"),
        "surrogates": answer(_json(
            {"id": "\ud800", "title": "\udfff lone", "content_text": "x \ud83d y", "url": "http://\ud800.example/"}),
            kind="application/feed+json"),
        "deep-json": answer(b'{"version":' + b"[" * 200_000, kind="application/feed+json"),
        "huge-number": answer(_json({"id": 0}).replace(b"0", b"9" * 100_000), kind="application/feed+json"),
        "charset-lie": answer("<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>é</title>"
                              "<item><guid>1</guid><title>caf\xe9</title></item></channel></rss>".encode("latin-1")),
        "utf-16-that-is-none": answer(rss(item(1), prolog="<?xml version='1.0' encoding='utf-16'?>")),
        **{f"codec-{name}": answer(rss(item(1), prolog=f"<?xml version='1.0' encoding='{name}'?>"),
                                   kind=f"application/rss+xml; charset={name}")
           for name in ("rot13", "unicode_escape", "base64", "idna", "undefined", "zlib", "utf-7")},
        "links": answer(rss(*(item(n, link=link) for n, link in enumerate(
            ["javascript:alert(1)", "data:text/html,x", " java&#9;script:alert(1)", "file:///etc/passwd", "//", "http://",
             "http://[::1", "\\\\evil.example\\x", "vbscript:x", "http://0x7f.1/", "ftp://example.org/"])))),
        "terminal": answer(rss(item("\N{RIGHT-TO-LEFT OVERRIDE}1", "&#27;[2J&#155;31m\nfake log line",
                                    link="http://127.0.0.1:9/&#27;[2J"))),
        "html-that-is-no-feed": answer(b"<html>" + b"<table>" * 50_000, kind="text/html"),
        "nothing": answer(b""),
    }  # fmt: skip


class Hostile:
    """The server, an async context manager; it listens on one port of all addresses, or only `at` one address.

    `instead` replaces the hostile pages.
    """

    def __init__(
        self, secret: str, *, instead: Mapping[str, Write] | None = None, at: tuple[str, int] = ("0.0.0.0", 0)
    ) -> None:
        self._secret = secret
        self._at = at
        self._instead = instead
        self.asked: list[str] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, *self._at)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.pages = (
            self._instead if self._instead is not None else pages(f"http://127.0.0.1:{self.port}", self._secret)
        )
        self.urls = {
            name: f"http://127.6.{number // 200}.{number % 200 + 1}:{self.port}/{name}"
            for number, name in enumerate(self.pages)
        }
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            path = head.split()[1].decode().lstrip("/")
            self.asked.append(path)
            await self.pages.get(path, raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))(writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client closed the connection
        finally:
            writer.close()


async def _serve_for_ever(secret: str) -> None:
    async with Hostile(secret) as hostile:
        print(json.dumps(hostile.urls), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve_for_ever(sys.argv[1]))
