"""Who may see what over HTTP: token, login form, sessions, Host header, listeners that other hosts can reach."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from lxml import html

from ingestd.daemon.health import Health
from ingestd.daemon.http.access import COOKIE, Access
from ingestd.daemon.http.server import serve
from ingestd.daemon.http.sessions import LIFETIME, FailedLogins, Sessions
from ingestd.daemon.service import Service
from ingestd.errors import ConfigError
from ingestd.settings import Listen
from tests.daemon.processes import Start
from tests.daemon.services import add_source

TOKEN = "a token that is long enough"
LISTEN = Listen(host="127.0.0.1", port=0)
OPEN = ("/livez", "/readyz", "/health")


@asynccontextmanager
async def client_of(service: Service, access: Access, listen: Listen = LISTEN) -> AsyncIterator[aiohttp.ClientSession]:
    # Cookies of an IP address are kept only by an unsafe jar.
    async with (
        serve(Health(service), listen, access) as base,
        aiohttp.ClientSession(base, cookie_jar=aiohttp.CookieJar(unsafe=True)) as client,
    ):
        yield client


@pytest.fixture
async def client(service: Service) -> AsyncIterator[aiohttp.ClientSession]:
    async with client_of(service, Access.with_token(TOKEN)) as client:
        yield client


def origin(client: aiohttp.ClientSession) -> str:
    return str(client._base_url).rstrip("/")


async def status(client: aiohttp.ClientSession, path: str, **headers: str) -> int:
    async with client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()}) as reply:
        return reply.status


async def log_in(client: aiohttp.ClientSession, token: str = TOKEN, **headers: str) -> aiohttp.ClientResponse:
    sent = {"Origin": origin(client)} | {name.replace("_", "-"): value for name, value in headers.items()}
    async with client.post("/login", data={"token": token}, headers=sent, allow_redirects=False) as reply:
        await reply.read()
        return reply


async def test_with_a_token_page_and_metrics_want_it_and_health_is_open_without_names(
    service: Service, client: aiohttp.ClientSession
) -> None:
    await add_source(service, "https://secret-source.example/feed", title="The Secret")

    without = {path: await status(client, path) for path in ("/", "/metrics", "/v1/sources", *OPEN)}
    with_token = {path: await status(client, path, Authorization=f"Bearer {TOKEN}") for path in without}
    async with client.get("/") as reply:
        page, headers = await reply.text(), reply.headers
    async with client.get("/health") as reply:
        health = await reply.text()

    assert without == {"/": 401, "/metrics": 401, "/v1/sources": 401} | dict.fromkeys(OPEN, 200)
    assert set(with_token.values()) == {200}
    assert "Secret" not in page
    assert "secret-source" not in page + health
    assert html.document_fromstring(page).xpath("//form/@action") == ["login"]
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert "script-src" not in headers["Content-Security-Policy"]
    assert headers["WWW-Authenticate"] == "Bearer"


async def test_metrics_can_be_open_for_scrapers(service: Service) -> None:
    async with client_of(service, Access.with_token(TOKEN, metrics_open=True)) as client:
        assert [await status(client, path) for path in ("/metrics", "/")] == [200, 401]


async def test_the_form_begins_a_session_and_logging_out_ends_it(client: aiohttp.ClientSession) -> None:
    reply = await log_in(client)
    cookie = reply.headers["Set-Cookie"]
    value = reply.cookies[COOKIE].value

    assert (reply.status, reply.headers["Location"]) == (303, "./")
    assert cookie.endswith(f"; Max-Age={LIFETIME}; HttpOnly; SameSite=Strict")
    assert TOKEN not in cookie
    async with client.get("/") as page:
        assert page.status == 200
        # With "no-referrer" browsers send the form with "Origin: null".
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert html.document_fromstring(await page.text()).xpath("//form/@action") == ["logout"]
    assert [await status(client, path) for path in ("/metrics", "/v1/sources")] == [200, 200]

    async with client.post("/logout", headers={"Origin": origin(client)}, allow_redirects=False) as out:
        assert (out.status, out.headers["Location"]) == (303, "./")
        assert f"{COOKIE}=; Max-Age=0" in out.headers["Set-Cookie"]
    assert await status(client, "/") == 401
    assert await status(client, "/", Cookie=f"{COOKIE}={value}") == 401  # a copy of the cookie, too


@pytest.mark.parametrize("headers", [{"Origin": "https://{}"}, {"X_Forwarded_Proto": "https"}], ids=["origin", "proxy"])
async def test_with_https_the_cookie_is_secure(client: aiohttp.ClientSession, headers: dict[str, str]) -> None:
    host = origin(client).removeprefix("http://")
    reply = await log_in(client, **{name: value.format(host) for name, value in headers.items()})

    assert (reply.status, reply.headers["Set-Cookie"].endswith("; Secure")) == (303, True)


@pytest.mark.parametrize("sent", ["https://evil.example", "null", "", "http://127.0.0.1:1"])
async def test_a_form_of_another_site_is_refused(client: aiohttp.ClientSession, sent: str) -> None:
    reply = await log_in(client, Origin=sent)
    async with client.post("/logout", headers={"Origin": sent}) as out:
        assert out.status == 403

    assert (reply.status, "Set-Cookie" in reply.headers) == (403, False)


async def test_a_wrong_token_is_refused_and_guessing_is_slowed_down(client: aiohttp.ClientSession) -> None:
    statuses = [(await log_in(client, f"guess {n}")).status for n in range(7)]
    right = await log_in(client)

    assert statuses == [403] * 5 + [429] * 2
    assert right.status == 429
    assert 0 < int(right.headers["Retry-After"]) <= 60


async def test_other_kinds_of_form_are_not_read(client: aiohttp.ClientSession) -> None:
    form = aiohttp.FormData({"token": TOKEN}, default_to_multipart=True)
    async with client.post("/login", data=form, headers={"Origin": origin(client)}) as reply:
        assert reply.status == 403


def test_a_session_ends_by_itself_and_with_its_token_and_cannot_be_forged() -> None:
    sessions, others = Sessions(TOKEN), Sessions(TOKEN + "!")
    cookie = sessions.new(1000)
    content, _, signature = cookie.rpartition(".")

    assert sessions.is_valid(cookie, 1000 + LIFETIME - 1)
    assert not sessions.is_valid(cookie, 1000 + LIFETIME)
    assert not others.is_valid(cookie, 1000)
    for forged in (
        "",
        ".",
        "..",
        f"9{content}.{signature}",
        content,
        f"{content}.",
        f"{content}.\udcff",
        "9999999999.x.",
    ):
        assert not sessions.is_valid(forged, 1000), forged


def test_failed_logins_are_counted_by_address_and_forgotten() -> None:
    failed = FailedLogins()
    for second in range(5):
        failed.add("2001:db8::1", float(second))

    assert failed.wait("2001:db8::ffff", 5.0) == 55.0  # of the same network
    assert failed.wait("192.0.2.1", 5.0) == 0.0
    assert failed.wait("2001:db8::1", 60.5) == 0.0
    for number in range(2000):
        failed.add(f"192.0.{number // 256}.{number % 256}", 60.0)
    assert len(failed._failures) == 1000


# ---- the Host header


@pytest.mark.parametrize("path", ["/", "/livez", "/readyz", "/health", "/metrics", "/v1/events", "/login", "/nothing"])
@pytest.mark.parametrize("token", [None, TOKEN], ids=["open", "token"])
async def test_a_request_under_a_strangers_name_is_refused(service: Service, path: str, token: str | None) -> None:
    """By DNS rebinding a stranger's page reaches the daemon under its own name."""
    headers = {"Host": "evil.example:8790", "Authorization": f"Bearer {TOKEN}"}
    async with (
        client_of(service, Access.with_token(token)) as client,
        client.get(path, headers=headers) as reply,
    ):
        kind = "application/problem+json" if path.startswith("/v1/") else "text/plain"
        assert (reply.status, reply.content_type) == (421, kind)
        assert "'evil.example' is not in allowed_hosts" in await reply.text()


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost:8790", 200), ("LOCALHOST.", 200), ("127.0.0.1", 200), ("127.8.9.10:1", 200), ("[::1]:8790", 200),
        ("news.example.org", 200), ("news.example.org:443", 200), ("NEWS.example.org", 200), ("", 200),
        ("evil.example", 421), ("news.example.org.evil.example", 421), ("localhost.evil.example", 421),
        ("192.0.2.7", 421), ("[2001:db8::1]", 421), ("ingestd", 421), ("127.0.0.1.evil.example", 421), ("@", 421),
    ],
)  # fmt: skip
async def test_only_our_own_names_are_allowed(service: Service, host: str, expected: int) -> None:
    async with client_of(service, Access(allowed_hosts=frozenset({"news.example.org"}))) as client:
        assert await status(client, "/", Host=host) == expected


async def test_a_unix_socket_is_local_and_checks_the_name_that_a_proxy_passes_on(
    service: Service, tmp_path: Path
) -> None:
    path = tmp_path / "http"
    async with (
        serve(Health(service), Listen(path=path), Access()),
        aiohttp.ClientSession("http://ingestd", connector=aiohttp.UnixConnector(str(path))) as client,
    ):
        assert [await status(client, path) for path in ("/", "/v1/sources")] == [200, 200]
        assert await status(client, "/v1/sources", Host="evil.example") == 421


# ---- listeners


async def test_a_listener_that_other_hosts_can_reach_needs_a_token_or_consent(service: Service) -> None:
    everywhere = Listen(host="0.0.0.0", port=0)
    with pytest.raises(ConfigError, match=r"^listen: other hosts can reach 0\.0\.0\.0:0, and api_token is not set; "):
        async with serve(Health(service), everywhere, Access()):
            pass

    async with client_of(service, Access(listen_open=True), everywhere) as client:
        assert await status(client, "/", Host="127.0.0.1") == 200
    async with client_of(service, Access.with_token(TOKEN), everywhere) as client:
        assert await status(client, "/", Host="127.0.0.1") == 401


def test_the_daemon_says_so_in_one_line_and_exits(start: Start) -> None:
    daemon = start(INGESTD_LISTEN="0.0.0.0:0")

    assert daemon.ended() == 2
    refused = [line["event"] for line in daemon.lines if "api_token" in line["event"]]
    assert [line.startswith("ingestd: listen: other hosts can reach") for line in refused] == [True]
    assert not any("Traceback" in line["event"] for line in daemon.lines)


# ---- below the prefix of a proxy


async def test_the_page_works_below_the_prefix_of_a_proxy(service: Service) -> None:
    """A proxy that passes /news/ on as /, as in docs/operations.md; it keeps the Host header."""
    access = Access.with_token(TOKEN)
    async with (
        serve(Health(service), LISTEN, access) as base,
        aiohttp.ClientSession(base, cookie_jar=_none()) as inside,
    ):

        async def forward(request: web.Request) -> web.Response:
            headers = {name: value for name, value in request.headers.items() if name in _PASSED}
            path = "/" + request.match_info["path"]
            sent: dict[str, Any] = {"headers": headers, "data": await request.read(), "allow_redirects": False}
            async with inside.request(request.method, path, **sent) as reply:
                passed = {
                    name: reply.headers[name]
                    for name in ("Location", "Set-Cookie", "Content-Type")
                    if name in reply.headers
                }
                return web.Response(status=reply.status, body=await reply.read(), headers=passed)

        app = web.Application()
        app.router.add_route("*", "/news/{path:.*}", forward)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        outside = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser:
            async with browser.get(f"{outside}/news/") as reply:
                [action] = html.document_fromstring(await reply.text()).xpath("//form/@action")
            form = reply.url.joinpath(action)
            async with browser.post(form, data={"token": TOKEN}, headers={"Origin": outside}) as page:
                assert (page.status, page.url.path) == (200, "/news/")
                links = html.document_fromstring(await page.text()).xpath("//footer//a/@href")
            assert links == ["health", "metrics"]
            for link in links:
                async with browser.get(page.url.joinpath(link)) as found:
                    assert found.status == 200
            [cookie] = browser.cookie_jar
            assert cookie["path"] == "/news"
        await runner.cleanup()


_PASSED = ("Host", "Origin", "Cookie", "Content-Type", "X-Forwarded-For")


def _none() -> aiohttp.DummyCookieJar:
    return aiohttp.DummyCookieJar()
