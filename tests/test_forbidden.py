"""The daemon never connects to a forbidden address: not for a source, a redirect, a link or a name.

Only 127.6.0.0/16 is allowed, where the hostile server listens; the canary listens on other loopback addresses.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from ingestd.daemon.service import Service
from ingestd.pipeline.runtime import Runtime
from ingestd.store.schema import tables
from tests.support.desk import add, feed, open_desk
from tests.support.hostile import Hostile, answer, raw
from tests.web.nameserver import Nameserver, serving

ALLOWED = "127.6.0.1"

#: Forms of forbidden URLs; {} is the port of the canary.
FORBIDDEN = {
    "loopback": "http://127.0.0.1:{}/",
    "its far end": "http://127.255.255.254:{}/",
    "next to what is open": "http://127.5.255.255:{}/",
    "by its name": "http://localhost:{}/",
    "decimal": "http://2130706433:{}/",
    "hexadecimal": "http://0x7f000001:{}/",
    "hexadecimal in parts": "http://0x7f.0x0.0x0.0x1:{}/",
    "octal": "http://0177.0.0.1:{}/",
    "short": "http://127.1:{}/",
    "shortest": "http://0:{}/",
    "full-width": "http://１２７.０.０.１:{}/",
    "ideographic stops": "http://127。0。0。1:{}/",
    "circled": "http://①②⑦.⓪.⓪.①:{}/",
    "this host": "http://0.0.0.0:{}/",
    "this network": "http://0.1.2.3:{}/",
    "v6 loopback": "http://[::1]:{}/",
    "v6 unspecified": "http://[::]:{}/",
    "v4-mapped": "http://[::ffff:127.0.0.1]:{}/",
    "v4-mapped in hexadecimal": "http://[::ffff:7f00:1]:{}/",
    "v4-compatible": "http://[::127.0.0.1]:{}/",
    "NAT64": "http://[64:ff9b::7f00:1]:{}/",
    "6to4": "http://[2002:7f00:1::1]:{}/",
    "Teredo": "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]:{}/",
    "v6 private": "http://[fc00::1]:{}/",
    "v6 link-local": "http://[fe80::1]:{}/",
    "v6 multicast": "http://[ff02::1]:{}/",
    "private 10": "http://10.0.0.1:{}/",
    "private 172": "http://172.16.0.1:{}/",
    "private 192": "http://192.168.0.1:{}/",
    "carrier-grade NAT": "http://100.64.0.1:{}/",
    "link-local, metadata": "http://169.254.169.254:{}/",
    "multicast": "http://224.0.0.1:{}/",
    "reserved": "http://240.0.0.1:{}/",
    "broadcast": "http://255.255.255.255:{}/",
    "user-info": f"http://{ALLOWED}@127.0.0.1:{{}}/",
    "user-info with a port": f"http://{ALLOWED}:80@127.0.0.1:{{}}/",
    "two at signs": f"http://a@{ALLOWED}@127.0.0.1:{{}}/",
    "backslash and at sign": f"http://{ALLOWED}\\@127.0.0.1:{{}}/",
    "backslashes for slashes": "http:\\\\127.0.0.1:{}/",
    "three slashes": "http:///127.0.0.1:{}/",
    "fragment and at sign": f"http://127.0.0.1:{{}}#@{ALLOWED}/",
    "gopher": "gopher://127.0.0.1:{}/",
    "ftp": "ftp://127.0.0.1:{}/",
    "file": "file://127.0.0.1:{}/etc/passwd",
}  # fmt: skip

#: Forms that are resolved as names.
NAMES = {
    "percent-encoded": "http://%31%32%37.0.0.1:{}/",
    "backslash behind": f"http://127.0.0.1:{{}}\\@{ALLOWED}/",
}

#: Forms that are paths, relative to the server's own URL, in a Location header or a link.
RELATIVE = {"backslashes for slashes", "three slashes"}


class Canary:
    """Listens on one port of forbidden loopback addresses, by IPv4 and IPv6, and counts connections."""

    def __init__(self) -> None:
        self.connections = 0

    async def listen(self, stack: AsyncExitStack) -> None:
        first = await stack.enter_async_context(await asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port: int = first.sockets[0].getsockname()[1]
        for host in ("127.0.0.2", "127.255.255.254", "127.5.255.255", "::1"):
            try:
                await stack.enter_async_context(await asyncio.start_server(self._connected, host, self.port))
            except OSError:  # a host without IPv6
                continue

    async def _connected(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@pytest.fixture
async def canary() -> AsyncIterator[Canary]:
    async with AsyncExitStack() as stack:
        canary = Canary()
        await canary.listen(stack)
        yield canary


async def rows(runtime: Runtime, table: Any) -> list[Any]:
    async with runtime.database.read() as connection:
        return list((await connection.execute(select(table))).all())


async def work(runtime: Runtime) -> None:
    await Service(runtime, max_polls=64, max_pages=64, per_site=4).run_until_idle()


def desk(database_url: str, folder: Path, **changes: Any) -> Any:
    return open_desk(database_url, folder, allow_networks=(IPv4Network("127.6.0.0/16"),), attempts=1, **changes)


def redirect(url: str) -> Any:
    return raw(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + url.encode() + b"\r\n\r\n")


async def failures(runtime: Runtime) -> dict[str, set[str]]:
    """Return the names of errors, by the guid of their entry, or by the URL of their source."""
    errors: dict[str, set[str]] = {}
    urls = {row.id: row.url for row in await rows(runtime, tables.sources)}
    guids = {row.id: row.guid for row in await rows(runtime, tables.entries)}
    for row in await rows(runtime, tables.failures):
        errors.setdefault(guids.get(row.entry_id) or urls[row.source_id], set()).add(row.error)
    return errors


async def test_no_source_connects_to_a_forbidden_address(database_url: str, tmp_path: Path, canary: Canary) -> None:
    async with desk(database_url, tmp_path) as runtime:
        names = {await add(runtime, url.format(canary.port)): name for name, url in FORBIDDEN.items()}
        await work(runtime)
        errors = {names[row.source_id]: row.error for row in await rows(runtime, tables.polls)}

    assert canary.connections == 0
    assert set(errors.values()) == {"Forbidden"}


async def test_no_redirect_connects_to_a_forbidden_address(database_url: str, tmp_path: Path, canary: Canary) -> None:
    pages = {f"{n}": redirect(url.format(canary.port)) for n, url in enumerate(FORBIDDEN.values())}
    async with desk(database_url, tmp_path) as runtime, Hostile("", instead=pages) as hostile:
        names = dict(zip(hostile.urls.values(), FORBIDDEN, strict=True))
        ids = {await add(runtime, url): name for url, name in names.items()}
        hostile.pages["feed"] = answer(feed(*names))
        await add(runtime, f"http://{ALLOWED}:{hostile.port}/feed")
        await work(runtime)
        polls = {ids[row.source_id]: row.error for row in await rows(runtime, tables.polls) if row.source_id in ids}
        errors = {row.url: row.error for row in await rows(runtime, tables.failures) if row.entry_id}

    assert canary.connections == 0
    # A relative form leads to the hostile server itself, which has no such page.
    relative = dict.fromkeys(RELATIVE, "Refused")
    assert polls == dict.fromkeys(FORBIDDEN, "Forbidden") | relative
    assert {names[url]: error for url, error in errors.items()} == dict.fromkeys(FORBIDDEN, "Forbidden") | relative


async def test_no_link_connects_to_a_forbidden_address(database_url: str, tmp_path: Path, canary: Canary) -> None:
    async with desk(database_url, tmp_path) as runtime, Hostile("", instead={}) as hostile:
        links = {url.format(canary.port): name for name, url in FORBIDDEN.items()}
        hostile.pages = {"feed": answer(feed(*links))}
        await add(runtime, f"http://{ALLOWED}:{hostile.port}/feed")
        await work(runtime)
        entries = await rows(runtime, tables.entries)
        found = await failures(runtime)

    assert canary.connections == 0
    assert {row.state for row in entries} == {"quarantined"}
    # Links to one address share the attempt to fetch it, and so the failure.
    shared: dict[str, set[str]] = {}
    for entry in entries:
        shared.setdefault(entry.url or entry.guid, set()).update(found.get(entry.guid, ()))
    errors = {links[entry.guid.removeprefix("tag:")]: shared[entry.url or entry.guid] for entry in entries}
    # A link of another scheme is none.
    not_absolute = {"backslashes for slashes": {"Refused"}} | {
        name: {"NoArticle"} for name in ("file", "ftp", "gopher")
    }
    assert errors == {name: {"Forbidden"} for name in FORBIDDEN} | not_absolute


@pytest.fixture
async def nameserver() -> AsyncIterator[Nameserver]:
    async with serving() as nameserver:
        yield nameserver


async def test_no_odd_form_of_an_address_resolves_as_a_name(
    database_url: str, tmp_path: Path, canary: Canary, nameserver: Nameserver
) -> None:
    forms = FORBIDDEN | NAMES
    async with desk(database_url, tmp_path, nameservers=(nameserver.address,)) as runtime:
        # Spellings of one address are one source.
        ids = {name: await add(runtime, url.format(canary.port)) for name, url in forms.items()}
        await work(runtime)
        errors = {row.source_id: row.error for row in await rows(runtime, tables.polls)}

    assert canary.connections == 0
    assert errors.keys() == set(ids.values())
    assert set(errors.values()) == {"Forbidden", "Unreachable"}


async def test_dns_rebinding_does_not_reach_a_forbidden_address(
    database_url: str, tmp_path: Path, canary: Canary, nameserver: Nameserver
) -> None:
    """For a source and for a page: the name resolves to an allowed address first, and then to a forbidden one."""
    nameserver.names = {name: [[ALLOWED], ["127.0.0.1"]] for name in ("feed.example", "page.example")}
    story = f"http://page.example:{canary.port}/story"
    source = f"http://feed.example:{canary.port}/feed"
    async with Hostile("", instead={"feed": answer(feed(story))}, at=(ALLOWED, canary.port)) as server:
        for expected in ("new", "failed"):  # a new daemon has an empty DNS cache
            async with desk(database_url, tmp_path, nameservers=(nameserver.address,)) as runtime:
                await add(runtime, source)
                async with runtime.database.write() as connection:
                    await connection.execute(update(tables.sources).values(due_at=datetime.now(UTC)))
                    await connection.execute(update(tables.entries).values(due_at=datetime.now(UTC), state="pending"))
                    await connection.execute(delete(tables.robots_files))
                await work(runtime)
                assert (await rows(runtime, tables.polls))[-1].outcome == expected
                errors = await failures(runtime)
        asked = [*server.asked]

    assert canary.connections == 0
    assert asked == ["feed", "robots.txt", "story"]
    assert errors == {source: {"Forbidden"}, f"tag:{story}": {"Refused", "Forbidden"}}


async def test_only_the_allowed_addresses_of_a_name_are_connected_to(
    database_url: str, tmp_path: Path, canary: Canary, nameserver: Nameserver
) -> None:
    nameserver.names["both.example"] = [["127.0.0.1", ALLOWED, "127.0.0.2"]]
    async with (
        desk(database_url, tmp_path, nameservers=(nameserver.address,)) as runtime,
        Hostile("", instead={"feed": answer(feed())}, at=(ALLOWED, canary.port)),
    ):
        await add(runtime, f"http://both.example:{canary.port}/feed")
        await work(runtime)
        outcomes = [(row.outcome, row.error) for row in await rows(runtime, tables.polls)]

    assert canary.connections == 0
    assert outcomes == [("known", None)]
