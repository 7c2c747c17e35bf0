"""Logins: how they are parsed, which requests carry them, and that the secret appears nowhere else."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Network
from traceback import format_exception

import pytest
from yarl import URL

from ingestd.errors import BrokenReply, FetchError, LoginNeeded, Refused, TimedOut, Unreachable
from ingestd.web.fetcher import Fetcher
from ingestd.web.logins import Login, Origin
from ingestd.web.politeness.pacing import Pacing
from ingestd.web.target import Target
from tests.support.loop_clock import LoopClock
from tests.support.newsroom import Newsroom

BASIC = "Basic " + b64encode(b"desk:s3same words").decode()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Newsroom]:
    """A second newsroom: another origin, for it has another port."""
    async with Newsroom() as elsewhere:
        yield elsewhere


@asynccontextmanager
async def fetcher_with(*lines: str) -> AsyncIterator[Fetcher]:
    logins = [Login.parse(line) for line in lines]
    allowed = [IPv4Network("127.0.0.0/8")]
    async with Fetcher(
        user_agent="test", allow_networks=allowed, pacing=Pacing(delay=0), timeout=60.0, logins=logins
    ) as fetcher:
        yield fetcher


def sent(newsroom: Newsroom, name: str = "Authorization") -> list[tuple[str, str | None]]:
    return [(request.path, request.headers.get(name)) for request in newsroom.requests]


# Parsing


@pytest.mark.parametrize(
    ("line", "origin", "name", "value"),
    [
        ("https://wire.example basic desk s3same words", ("https", "wire.example", 443), "Authorization", BASIC),
        ("https://wire.example:443 bearer a.b-c=", ("https", "wire.example", 443), "Authorization", "Bearer a.b-c="),
        ("http://wire.example:8080\theader\tX-Key  a  b ", ("http", "wire.example", 8080), "X-Key", "a  b"),
        ("HTTPS://WIRE.example query api_key 1&2", ("https", "wire.example", 443), "api_key", "1&2"),
        ("https://straße.example header Authorization Token 1", ("https", "straße.example", 443), "Authorization",
         "Token 1"),
        ("http://[::1]:81 bearer x", ("http", "::1", 81), "Authorization", "Bearer x"),
        ("ftp://wire.example basic de:sk s3same words", ("ftp", "wire.example", 21), "de:sk", "s3same words"),
        ("FTPS://wire.example:990 basic desk x", ("ftps", "wire.example", 990), "desk", "x"),
        ("sftp://wire.example basic desk x", ("sftp", "wire.example", 22), "desk", "x"),
        ("sftp://wire.example:22 key desk /etc/wire key", ("sftp", "wire.example", 22), "desk", "/etc/wire key"),
    ],
)  # fmt: skip
def test_a_line_is_parsed_into_origin_name_and_value(line: str, origin: Origin, name: str, value: str) -> None:
    login = Login.parse(line)

    assert (login.origin, login.name, login.value) == (origin, name, value)


@pytest.mark.parametrize(
    "url", ["https://xn--strae-oqa.example/a", "https://STRASSE.example/a", "https://straße.example:443/a?b"]
)
def test_the_origin_of_a_login_equals_that_of_its_urls(url: str) -> None:
    assert (Target.parse(url).origin == Login.parse("https://straße.example bearer x").origin) is ("STRASSE" not in url)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("https://wire.example", "should be ORIGIN basic"),
        ("https://wire.example bearer", "should be ORIGIN basic"),
        ("https://wire.example basic s3same", "should be ORIGIN basic"),
        ("https://wire.example query s3same", "should be ORIGIN basic"),
        ("https://wire.example s3same s3same", "should be ORIGIN basic"),
        ("https://wire.example Basic desk s3same", "should be ORIGIN basic"),
        ("wire.example bearer s3same", "the origin should be"),
        ("ftp://wire.example bearer s3same", "ftp has no login by bearer"),
        ("ftps://wire.example key desk s3same", "ftps has no login by key"),
        ("https://wire.example key desk s3same", "https has no login by key"),
        ("sftp://wire.example key s3same", "should be ORIGIN basic"),
        ("sftp://wire.example basic desk s3same\rPASV", "without control"),
        ("sftp://desk@wire.example basic desk s3same", "the origin should be"),
        ("https://wire.example/ bearer s3same", "the origin should be"),
        ("https://wire.example/feed bearer s3same", "the origin should be"),
        ("https://wire.example?key bearer s3same", "the origin should be"),
        ("https://desk:s3same@wire.example bearer s3same", "the origin should be"),
        ("https://wire.example:99999 bearer s3same", "the origin should be"),
        ("https://[::1 bearer s3same", "the origin should be"),
        ("https://wire.example bearer s3same s3same", "no spaces"),
        ("https://wire.example bearer s3same\rX:", "no control"),
        ("https://wire.example basic de:sk s3same", "no colon"),
        ("https://wire.example basic desk s3same\x00", "without control"),
        ("https://wire.example header X-Key s3same\r\nX-Evil: 1", "without control"),
        ("https://wire.example header X:Key s3same", "name of the header is not valid"),
        ("https://wire.example header Ключ s3same", "name of the header is not valid"),
        *(
            (f"https://wire.example header {name} s3same", f"the header {name} cannot carry a login")
            for name in ("Host", "user-agent", "Accept", "Accept-Encoding", "Cookie", "Content-Length", "Connection",
                         "Transfer-Encoding", "If-None-Match", "Range")
        ),
    ],
)  # fmt: skip
def test_the_error_for_a_wrong_line_does_not_quote_the_secret(line: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        Login.parse(line)

    assert "s3same" not in "".join(format_exception(caught.value))


@pytest.mark.parametrize("form", ["basic desk s3same", "bearer s3same", "header X-Key s3same", "query key s3same"])
def test_a_login_prints_without_its_secret(form: str) -> None:
    login = Login.parse(f"https://wire.example:8443 {form}")

    assert "s3same" not in f"{login} {login!r}"
    assert str(login).startswith(f"https://wire.example:8443 {form.partition(' ')[0]}")


@pytest.mark.parametrize(
    ("origin", "in_the_clear"),
    [("http://wire.example", True), ("http://10.0.0.5:80", True), ("https://wire.example", False),
     ("http://127.3.2.1:8080", False), ("http://[::1]", False), ("http://localhost", False),
     ("http://localhost.example", True)],
)  # fmt: skip
def test_only_a_login_that_crosses_a_network_without_tls_is_in_the_clear(origin: str, in_the_clear: bool) -> None:
    assert Login.parse(f"{origin} bearer x").in_the_clear is in_the_clear


@pytest.mark.parametrize(("scheme", "in_the_clear"), [("ftp", True), ("ftps", False), ("sftp", False)])
def test_only_ftp_logins_to_folders_are_in_the_clear(scheme: str, in_the_clear: bool) -> None:
    login = Login.parse(f"{scheme}://wire.example basic desk s3same")

    assert login.in_the_clear is in_the_clear
    assert str(login) == f"{scheme}://wire.example basic"


@pytest.mark.parametrize(
    ("url", "sent"),
    [
        ("https://wire.example", "/?k%20y=a%26b%2F%C3%A9"),
        ("https://wire.example/a%2Fb?", "/a%2Fb?k%20y=a%26b%2F%C3%A9"),
        ("https://wire.example/a?q=%41|b#part", "/a?q=%41|b&k%20y=a%26b%2F%C3%A9"),
    ],
)
def test_the_query_parameter_is_appended_and_the_url_unchanged(url: str, sent: str) -> None:
    login = Login(origin=("https", "wire.example", 443), kind="query", name="k y", value="a&b/é")

    assert login.request_url(URL(url, encoded=True)).raw_path_qs == sent


# Requests


@pytest.mark.parametrize(
    ("form", "name", "value"),
    [
        ("basic desk s3same words", "Authorization", BASIC),
        ("bearer s3same", "Authorization", "Bearer s3same"),
        ("header X-Key s3same words", "X-Key", "s3same words"),
    ],
)
async def test_a_login_is_sent_to_its_origin_only(
    newsroom: Newsroom, elsewhere: Newsroom, form: str, name: str, value: str
) -> None:
    newsroom.publish("/old", status=301, Location="/away")
    newsroom.publish("/away", status=302, Location=elsewhere.url("/back"))
    elsewhere.publish("/back", status=302, Location=newsroom.url("/other-name"))
    newsroom.publish("/other-name", status=302, Location=newsroom.url("/feed", host="127.0.0.2"))
    newsroom.publish("/feed", body=b"news")

    async with fetcher_with(f"{newsroom.url('')} {form}") as fetcher:
        with pytest.raises(Unreachable):
            await fetcher.get(newsroom.url("/old"))
        reply = await fetcher.get(newsroom.url("/feed"))

    assert sent(newsroom, name) == [(path, value) for path in ("/old", "/away", "/other-name", "/feed")]
    assert sent(elsewhere, name) == [("/back", None)]
    assert reply.body == b"news"


async def test_localhost_and_its_address_are_different_origins(newsroom: Newsroom) -> None:
    newsroom.publish("/feed", body=b"news")

    async with fetcher_with(f"{newsroom.url('')} bearer s3same") as fetcher:
        await fetcher.get(newsroom.url("/feed", host="localhost"))
        await fetcher.get(newsroom.url("/feed"))

    assert sent(newsroom) == [("/feed", None), ("/feed", "Bearer s3same")]


async def test_a_query_parameter_is_sent_and_scrubbed_from_the_reply(newsroom: Newsroom, elsewhere: Newsroom) -> None:
    newsroom.publish("/feed", status=301, Location="/feed/?a=1&key=s3same", ETag='"1"')
    newsroom.publish("/feed/", status=302, Location=elsewhere.url("/back?key=s3same"))
    elsewhere.publish("/back", status=302, Location=newsroom.url("/there?b=2"))
    newsroom.publish(
        "/there",
        body=b"<feed><link rel='self' href='/there?key=s3same&amp;b=2'/></feed>",
        Link=f'<{newsroom.url("/there?b=2&key=s3same")}>; rel="self", <{elsewhere.url("/hub?key=s3same")}>; rel=hub',
    )

    async with fetcher_with(f"{newsroom.url('')} query key s3same") as fetcher:
        reply = await fetcher.get(newsroom.url("/feed?c=3"))

    assert [request.path for request in newsroom.requests] == [
        "/feed?c=3&key=s3same", "/feed/?a=1&key=s3same", "/there?b=2&key=s3same"
    ]  # fmt: skip
    assert [request.path for request in elsewhere.requests] == ["/back"]
    assert (reply.final_url, reply.permanent) == (newsroom.url("/there?b=2"), newsroom.url("/feed/?a=1"))
    assert (reply.hub, reply.topic) == (elsewhere.url("/hub"), newsroom.url("/there?b=2"))
    assert reply.body == b"<feed><link rel='self' href='/there?b=2'/></feed>"
    assert "s3same" not in repr(reply)


async def test_userinfo_in_the_url_overrides_the_login(newsroom: Newsroom) -> None:
    newsroom.publish("/feed", body=b"news")

    async with fetcher_with(f"{newsroom.url('')} query key s3same") as fetcher:
        await fetcher.get(newsroom.url("/feed").replace("//", "//agency:own@"))

    assert sent(newsroom) == [("/feed", "Basic " + b64encode(b"agency:own").decode())]


async def test_robots_txt_is_fetched_with_the_login_of_its_origin(newsroom: Newsroom, elsewhere: Newsroom) -> None:
    newsroom.publish("/story", body=b"<p>")
    elsewhere.publish("/story", body=b"<p>")

    async with fetcher_with(f"{newsroom.url('')} bearer s3same") as fetcher:
        await fetcher.get(newsroom.url("/story"), obey_robots=True)
        await fetcher.get(elsewhere.url("/story"), obey_robots=True)

    assert sent(newsroom) == [("/robots.txt", "Bearer s3same"), ("/story", "Bearer s3same")]
    assert sent(elsewhere) == [("/robots.txt", None), ("/story", None)]


@pytest.mark.parametrize("form", ["bearer s3same", "query key s3same"])
async def test_a_post_to_a_hub_carries_no_login(newsroom: Newsroom, form: str) -> None:
    newsroom.publish("/hub", status=401)

    async with fetcher_with(f"{newsroom.url('')} {form}") as fetcher:
        with pytest.raises(Refused) as caught:
            await fetcher.post(newsroom.url("/hub"), {"hub.mode": "subscribe"})

    assert sent(newsroom) == [("/hub", None)]
    assert "logins" not in str(caught.value)


# Errors


@pytest.mark.parametrize("lines", [[], ["bearer s3same"]], ids=["without one", "with a wrong one"])
async def test_the_error_for_a_401_names_the_setting(newsroom: Newsroom, lines: Sequence[str]) -> None:
    async with fetcher_with(*(f"{newsroom.url('')} {line}" for line in lines)) as fetcher:
        with pytest.raises(LoginNeeded, match="HTTP 401, login missing or invalid; see the setting `logins`"):
            await fetcher.get(newsroom.publish("/feed", status=401))


@pytest.mark.parametrize("form", ["basic desk s3same", "bearer s3same", "header X-Key s3same", "query key s3same"])
@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param({"status": 500}, Refused, id="500"),
        pytest.param({"status": 401}, LoginNeeded, id="401"),
        pytest.param({"status": 204}, BrokenReply, id="204"),
        pytest.param({"reset": True}, BrokenReply, id="reset"),
        pytest.param({"truncated": True, "body": b"x"}, BrokenReply, id="cut short"),
        pytest.param({"raw": b"GET /feed?key=s3same HTTP/1.1\r\nX-Key: s3same\r\n\r\n"}, BrokenReply, id="an echo"),
        pytest.param({"raw": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nX-Key: s3same, ?key=s3same\r\n"},
                     BrokenReply, id="an echo in chunks"),
        pytest.param({"raw": b"HTTP/1.1 200 OK\r\n", "stalled": True}, TimedOut, id="stalled"),
        pytest.param({"status": 302, "Location": "http://[/?key=s3same"}, BrokenReply, id="a redirect to no URL"),
        pytest.param({"status": 302, "Location": "/feed?key=s3same"}, FetchError, id="a redirect to itself"),
        pytest.param({"status": 302, "Location": "/login?next=%2Ffeed%3Fkey%3Ds3same"}, Refused, id="a login page"),
    ],
)  # fmt: skip
async def test_no_error_contains_the_secret(
    newsroom: Newsroom, form: str, answer: dict[str, bytes], kind: type[FetchError], loop_clock: LoopClock
) -> None:
    async with fetcher_with(f"{newsroom.url('')} {form}") as fetcher:
        request = asyncio.create_task(fetcher.get(newsroom.publish("/feed", **answer)))
        if kind is TimedOut:
            await newsroom.asked.wait()
            loop_clock.skip(60)
        with pytest.raises(kind) as caught:
            await request

    text = "".join(format_exception(caught.value)) + repr(caught.value)
    assert "ZGVzazpzM3NhbWU" not in text
    # A key that the server made up stays: the client did not send it.
    assert ("s3same" in text) is (not form.startswith("query") and "Location" in answer and kind is not BrokenReply)
