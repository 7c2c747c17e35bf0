"""The fetcher: requests sent, replies returned, redirects, limits, and the error for every failure."""

import asyncio
import gzip
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import suppress
from ipaddress import IPv4Network

import pytest

from ingestd.errors import (
    BrokenReply,
    FetchError,
    Forbidden,
    Gone,
    Held,
    Refused,
    Throttled,
    TimedOut,
    TooLarge,
    TooManyRedirects,
    Unreachable,
)
from ingestd.model.source import Validators
from ingestd.web.fetcher import ACCEPT_FEED, ACCEPT_PAGE, Fetcher, user_agent
from ingestd.web.politeness.pacing import Pacing
from tests.support.loop_clock import PATIENCE, LoopClock, until
from tests.support.newsroom import Answer, Newsroom

LOOPBACK = (IPv4Network("127.0.0.0/8"),)
LAST_MODIFIED = "Tue, 24 Nov 2026 08:00:00 GMT"


@pytest.fixture
async def pacing() -> AsyncIterator[Pacing]:
    pacing = Pacing(delay=0)
    yield pacing
    pacing.close()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Newsroom]:
    """A second newsroom: another origin, since its port differs."""
    async with Newsroom() as elsewhere:
        yield elsewhere


async def test_a_request_sends_four_headers_and_no_cookies(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", body=b"news", Set_Cookie="visitor=1")

    await fetcher.get(url)
    await fetcher.get(url)

    for request in newsroom.requests:
        assert request.method == "GET"
        assert dict(request.headers) == {
            "Host": f"127.0.0.1:{newsroom.port}",
            "User-Agent": "ingestd/test (+tests@example.org)",
            "Accept": ACCEPT_FEED,
            "Accept-Encoding": "gzip, deflate, br, zstd",
        }


async def test_a_page_is_requested_with_its_own_accept_header(newsroom: Newsroom, fetcher: Fetcher) -> None:
    await fetcher.get(newsroom.publish("/story", body=b"<p>"), accept=ACCEPT_PAGE)

    assert newsroom.requests[0].headers["Accept"] == ACCEPT_PAGE


def test_the_user_agent_names_the_version_and_a_contact() -> None:
    assert user_agent("1.2.3", "https://desk.example/bot") == "ingestd/1.2.3 (+https://desk.example/bot)"
    assert user_agent("1.2.3", None) == "ingestd/1.2.3"


async def test_a_reply_has_the_body_the_content_type_and_the_validators(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish(
        "/feed.xml", body=b"news", content_type="text/xml; charset=x", ETag='W/"7"', Last_Modified=LAST_MODIFIED
    )

    reply = await fetcher.get(url)

    assert (reply.url, reply.final_url, reply.status, reply.body) == (url, url, 200, b"news")
    assert reply.content_type == "text/xml; charset=x"
    assert reply.validators == Validators(etag='W/"7"', last_modified=LAST_MODIFIED)


@pytest.mark.parametrize(
    "validators",
    [
        pytest.param(Validators(etag='"a"', last_modified=LAST_MODIFIED), id="both"),
        pytest.param(Validators(etag='W/"a"'), id="weak"),
        pytest.param(Validators(etag="unquoted,odd"), id="unquoted"),
        pytest.param(Validators(etag='"é—中"'), id="utf-8"),
        pytest.param(Validators(last_modified="yesterday"), id="no date"),
    ],
)
async def test_validators_are_sent_back_byte_for_byte(
    newsroom: Newsroom, fetcher: Fetcher, validators: Validators
) -> None:
    await fetcher.get(newsroom.publish("/feed.xml", body=b"news"), validators=validators)

    sent = newsroom.requests[0].headers
    assert sent.get("If-None-Match") == validators.etag
    assert sent.get("If-Modified-Since") == validators.last_modified


async def test_an_etag_that_cannot_be_sent_back_is_ignored(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", raw=b'HTTP/1.1 200 OK\r\nETag: "\xe9"\r\nContent-Length: 1\r\n\r\nx')

    assert not (await fetcher.get(url)).validators


async def test_an_unchanged_document_is_not_modified(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", body=b"news", conditional=True, ETag='"7"')

    first = await fetcher.get(url)
    second = await fetcher.get(url, validators=first.validators)

    assert second.not_modified
    assert second.body == b""


async def test_a_304_keeps_the_validators_it_does_not_replace(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", status=304, ETag='"8"')

    reply = await fetcher.get(url, validators=Validators(etag='"7"', last_modified=LAST_MODIFIED))

    assert reply.validators == Validators(etag='"8"', last_modified=LAST_MODIFIED)


async def test_a_request_lost_on_a_kept_connection_is_sent_again(newsroom: Newsroom, fetcher: Fetcher) -> None:
    """A kept connection that the server has closed costs no poll: that request alone is sent once more."""
    url = newsroom.publish("/feed.xml", answers=[Answer(body=b"1"), Answer(reset=True), Answer(body=b"2")])

    assert (await fetcher.get(url)).body == b"1"
    assert (await fetcher.get(url)).body == b"2"


@pytest.mark.parametrize("answer", [{"reset": True}, {"raw": b""}], ids=["reset", "hang up"])
async def test_a_request_lost_on_a_new_connection_is_not_sent_again(
    newsroom: Newsroom, fetcher: Fetcher, answer: dict[str, bytes]
) -> None:
    with pytest.raises(BrokenReply, match="ended before the response"):
        await fetcher.get(newsroom.publish("/feed.xml", **answer))

    assert len(newsroom.requests) == 1


# Refusals


async def test_a_throttling_answer_has_its_retry_after(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", status=429, Retry_After="120")

    with pytest.raises(Refused) as caught:
        await fetcher.get(url)

    assert (caught.value.status, caught.value.retry_after) == (429, 120)
    assert len(newsroom.requests) == 1


@pytest.mark.parametrize(("status", "held"), [(429, True), (503, True), (500, False), (404, False)], ids=str)
async def test_a_throttling_answer_holds_the_whole_site(
    newsroom: Newsroom, pacing: Pacing, status: int, held: bool
) -> None:
    url = newsroom.publish("/feed.xml", status=status, Retry_After="120")

    async with Fetcher(user_agent="test", allow_networks=LOOPBACK, pacing=pacing) as fetcher:
        with pytest.raises(Refused):
            await fetcher.get(url)

    assert pacing.ready("127.0.0.1") is not held
    assert (pacing.held_for("127.0.0.1") > 100) is held


@pytest.mark.parametrize(("status", "kind"), [(410, Gone), (451, Refused), (403, Refused), (500, Refused)])
async def test_only_a_410_is_gone(newsroom: Newsroom, fetcher: Fetcher, status: int, kind: type[Refused]) -> None:
    with pytest.raises(Refused) as caught:
        await fetcher.get(newsroom.publish("/feed.xml", status=status))

    assert type(caught.value) is kind
    assert caught.value.retry_after is None


# Redirects


@pytest.mark.parametrize(("status", "kind"), [(301, Gone), (308, Gone), (302, Refused), (307, Refused)])
async def test_a_410_after_a_temporary_redirect_is_not_gone(
    newsroom: Newsroom, fetcher: Fetcher, status: int, kind: type[Refused]
) -> None:
    newsroom.publish("/there", status=410)

    with pytest.raises(Refused) as caught:
        await fetcher.get(newsroom.publish("/feed.xml", status=status, Location="/there"))

    assert (type(caught.value), caught.value.status) == (kind, 410)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_followed(newsroom: Newsroom, fetcher: Fetcher, status: int) -> None:
    url = newsroom.publish("/old", status=status, Location="new?a=b")
    newsroom.publish("/new", body=b"news")

    reply = await fetcher.get(url)

    assert (reply.url, reply.final_url, reply.body) == (url, newsroom.url("/new?a=b"), b"news")


async def test_validators_are_not_sent_to_the_target_of_a_redirect(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/old", status=302, Location="/new")
    newsroom.publish("/new", body=b"news", ETag='"new"', conditional=True)

    reply = await fetcher.get(url, validators=Validators(etag='"new"'))

    assert "If-None-Match" in newsroom.requests[0].headers
    assert "If-None-Match" not in newsroom.requests[1].headers
    assert not reply.validators


async def test_the_number_of_redirects_is_limited(newsroom: Newsroom, fetcher: Fetcher) -> None:
    for step in range(20):
        newsroom.publish(f"/{step}", status=302, Location=f"/{step + 1}")

    with pytest.raises(TooManyRedirects):
        await fetcher.get(newsroom.url("/0"))

    assert len(newsroom.requests) == 11  # the request, and ten redirects


async def test_a_redirect_loop_ends_at_its_first_repetition(newsroom: Newsroom, fetcher: Fetcher) -> None:
    newsroom.publish("/a", status=302, Location="/b")
    newsroom.publish("/b", status=302, Location="/a")

    with pytest.raises(TooManyRedirects):
        await fetcher.get(newsroom.url("/a"))

    assert [request.path for request in newsroom.requests] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (b"/feeds/caf\xe9.xml", "/feeds/caf%E9.xml"),
        ("/feeds/café.xml".encode(), "/feeds/caf%C3%A9.xml"),
        ("/новости".encode("cp1251"), "/%ED%EE%E2%EE%F1%F2%E8"),
        (b"/a%20b\xfc", "/a%20b%FC"),
        (b"/?q=\xe9&x=1", "/?q=%E9&x=1"),
        (b"caf\xe9", "/caf%E9"),
        ("/항구".encode("euc-kr"), "/%C7%D7%B1%B8"),
        (b"/plain", "/plain"),
    ],
)
async def test_a_location_in_any_encoding_is_followed(
    newsroom: Newsroom, fetcher: Fetcher, location: bytes, path: str
) -> None:
    """As curl and browsers do."""
    moved = newsroom.publish(
        "/old",
        raw=b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    )
    with suppress(Refused):  # nothing is there
        await fetcher.get(moved)

    assert newsroom.requests[1].path == path


async def test_a_203_has_a_body(newsroom: Newsroom, fetcher: Fetcher) -> None:
    """A proxy has changed the answer of the server (RFC 9110, 15.3.4)."""
    assert (await fetcher.get(newsroom.publish("/feed.xml", status=203, body=b"news"))).body == b"news"


@pytest.mark.parametrize("sent", [Validators(), Validators(etag='"a"', last_modified=LAST_MODIFIED)])
async def test_a_204_says_that_there_is_nothing_new(newsroom: Newsroom, fetcher: Fetcher, sent: Validators) -> None:
    url = newsroom.publish("/list", status=204, content_type=None)

    reply = await fetcher.get(url, validators=sent, accepts_204=True)

    assert (reply.status, reply.body, reply.validators, reply.has_no_document) == (204, b"", sent, True)
    with pytest.raises(BrokenReply):  # a page has something to say
        await fetcher.get(url)


async def test_the_next_page_is_named_by_the_link_header(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/list", body=b"[]", Link='</list?page=2>; rel="next", </list>; rel="first"')

    assert (await fetcher.get(url)).next_page == newsroom.url("/list?page=2")


async def test_each_redirect_takes_a_turn_of_its_own(newsroom: Newsroom) -> None:
    newsroom.publish("/old", status=302, Location="/new")
    newsroom.publish("/new", body=b"news")

    async with Fetcher(user_agent="test", allow_networks=LOOPBACK, pacing=Pacing(delay=0.1)) as fetcher:
        await fetcher.get(newsroom.url("/old"))

    first, second = newsroom.requests
    assert first.ended is not None
    assert second.started - first.ended >= 0.1


async def test_a_redirect_to_a_site_on_hold_raises_held_at_once(newsroom: Newsroom, fetcher: Fetcher) -> None:
    busy = newsroom.publish("/busy", status=429, Retry_After="3600")
    with pytest.raises(Throttled):
        await fetcher.get(busy.replace("127.0.0.1", "localhost"))
    there = newsroom.url("/there", host="localhost")
    moved = newsroom.publish("/feed.xml", status=307, Location=there)

    for request in (fetcher.get(moved), fetcher.post(moved, {"hub.mode": "subscribe"})):
        with pytest.raises(Held) as caught:
            await asyncio.wait_for(request, PATIENCE)
        assert caught.value.url == there
        assert 3500 < caught.value.seconds <= 3600

    assert [request.path for request in newsroom.requests] == ["/busy", "/feed.xml", "/feed.xml"]


async def test_a_redirect_to_a_private_address_is_forbidden(newsroom: Newsroom, fetcher: Fetcher) -> None:
    with pytest.raises(Forbidden, match=r"10\.0\.0\.1 is a private address; set allow_networks to allow it"):
        await fetcher.get(newsroom.publish("/feed.xml", status=302, Location="http://10.0.0.1/"))


@pytest.mark.parametrize(
    "location",
    [
        pytest.param("file:///etc/hostname", id="file"),
        pytest.param("ftp://127.0.0.1/feed.xml", id="ftp"),
        pytest.param("http://127.0.0.1:99999/", id="no port"),
    ],
)
async def test_a_redirect_to_another_scheme_is_forbidden(newsroom: Newsroom, fetcher: Fetcher, location: str) -> None:
    with pytest.raises(Forbidden):
        await fetcher.get(newsroom.publish("/feed.xml", status=302, Location=location))


@pytest.mark.parametrize(
    "headers", [{}, {"Location": ""}, {"Location": "http://[::1"}], ids=["none", "empty", "broken"]
)
async def test_a_redirect_without_a_valid_url_is_a_broken_reply(
    newsroom: Newsroom, fetcher: Fetcher, headers: dict[str, str]
) -> None:
    with pytest.raises(BrokenReply):
        await fetcher.get(newsroom.publish("/feed.xml", status=302, **headers))


# User-info


async def test_userinfo_is_sent_to_its_own_origin_only(
    newsroom: Newsroom, elsewhere: Newsroom, fetcher: Fetcher
) -> None:
    newsroom.publish("/old", status=302, Location="/new")
    newsroom.publish("/new", status=302, Location=elsewhere.url("/feed.xml"))
    elsewhere.publish("/feed.xml", body=b"news")

    reply = await fetcher.get(newsroom.url("/old").replace("//", "//desk:p%40ss@"))

    expected = "Basic " + b64encode(b"desk:p@ss").decode()
    assert [request.headers.get("Authorization") for request in newsroom.requests] == [expected, expected]
    assert "Authorization" not in elsewhere.requests[0].headers
    assert reply.url == newsroom.url("/old")


async def test_userinfo_in_a_redirect_is_not_used(newsroom: Newsroom, fetcher: Fetcher) -> None:
    newsroom.publish("/old", status=302, Location=newsroom.url("/new").replace("//", "//mallory:x@"))
    newsroom.publish("/new", body=b"news")

    reply = await fetcher.get(newsroom.url("/old"))

    assert "Authorization" not in newsroom.requests[1].headers
    assert reply.final_url == newsroom.url("/new")


async def test_errors_do_not_contain_the_password(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", status=500).replace("//", "//desk:secret@")

    with pytest.raises(Refused) as caught:
        await fetcher.get(url)

    assert caught.value.url == newsroom.url("/feed.xml")
    assert "secret" not in repr(caught.value)


# Limits


async def test_max_body_is_the_largest_body_accepted(newsroom: Newsroom, pacing: Pacing) -> None:
    async with Fetcher(user_agent="test", allow_networks=LOOPBACK, pacing=pacing, max_body=1000) as fetcher:
        assert len((await fetcher.get(newsroom.publish("/fits", body=b"x" * 1000))).body) == 1000
        with pytest.raises(TooLarge):
            await fetcher.get(newsroom.publish("/large", body=b"x" * 1001))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", id="announced"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, id="without a length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"64\r\n" + b"x" * 100 + b"\r\n64\r\n"
                     + b"x" * 100 + b"\r\nfffff\r\n" + b"x" * 2000, id="chunked"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(100_000)), id="bomb"),
    ],
)  # fmt: skip
async def test_a_body_over_the_limit_is_too_large(newsroom: Newsroom, pacing: Pacing, raw: bytes) -> None:
    async with Fetcher(user_agent="test", allow_networks=LOOPBACK, pacing=pacing, max_body=1000) as fetcher:
        with pytest.raises(TooLarge, match="max_body"):
            await fetcher.get(newsroom.publish("/feed.xml", raw=raw))


async def test_a_compressed_body_is_decoded(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", body=gzip.compress(b"news" * 1000), Content_Encoding="gzip")

    assert (await fetcher.get(url)).body == b"news" * 1000


async def test_an_unknown_content_encoding_is_ignored(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", body=b"news", Content_Encoding="utf-8")

    assert (await fetcher.get(url)).body == b"news"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"truncated": True, "body": b"new"}, id="shorter than announced"),
        pytest.param(
            {"raw": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nnews\r\n"}, id="without a last chunk"
        ),
        pytest.param({"raw": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnews"}, id="broken chunk"),
        pytest.param({"raw": b"HTTP/1.1 200 OK\r\nContent-Length: -4\r\n\r\nnews"}, id="negative length"),
        pytest.param({"raw": b"HTTP/1.1 200 OK\r\n"}, id="half a head"),
        pytest.param({"raw": b"220 mail.example ESMTP\r\n\r\n"}, id="another protocol"),
        pytest.param({"raw": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n"}, id="endless header"),
        pytest.param({"raw": b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 100_000 + b"\r\n"}, id="100,000 headers"),
        pytest.param({"body": gzip.compress(b"news")[:-9], "Content_Encoding": "gzip"}, id="truncated gzip"),
        pytest.param({"body": b"<rss/>", "Content_Encoding": "gzip"}, id="no gzip"),
        pytest.param({"status": 204}, id="no content"),
        pytest.param({"status": 206, "body": b"ne"}, id="a part"),
        pytest.param({"status": 300}, id="a choice"),
        pytest.param({"status": 304}, id="304 unasked"),
    ],
)
async def test_an_incomplete_or_malformed_answer_is_a_broken_reply(
    newsroom: Newsroom, fetcher: Fetcher, answer: dict[str, bytes]
) -> None:
    with pytest.raises(BrokenReply):
        await fetcher.get(newsroom.publish("/feed.xml", **answer))


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nnew", id="body"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Le", id="head"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 1000, id="hints"),
    ],
)
async def test_the_deadline_covers_the_whole_response(
    newsroom: Newsroom, fetcher: Fetcher, loop_clock: LoopClock, raw: bytes
) -> None:
    request = asyncio.create_task(fetcher.get(newsroom.publish("/feed.xml", raw=raw, stalled=True)))
    await newsroom.asked.wait()

    loop_clock.skip(60)

    with pytest.raises(TimedOut):
        await request


async def test_the_deadline_covers_all_redirects_together(
    newsroom: Newsroom, fetcher: Fetcher, loop_clock: LoopClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.web.fetcher.monotonic", loop_clock.now)
    moved, never = asyncio.Event(), asyncio.Event()
    newsroom.publish("/a", status=302, Location="/b", when=moved)
    newsroom.publish("/b", when=never)
    request = asyncio.create_task(fetcher.get(newsroom.url("/a")))

    for path in ("/a", "/b"):
        await until(lambda path=path: newsroom.requests and newsroom.requests[-1].path == path)
        loop_clock.skip(30)  # of the 60 s that a request may take
        moved.set()

    with pytest.raises(TimedOut):
        await asyncio.wait_for(request, 60)


async def test_the_deadline_excludes_the_wait_for_a_turn(newsroom: Newsroom, loop_clock: LoopClock) -> None:
    url = newsroom.publish("/feed.xml", body=b"news")

    async with Fetcher(user_agent="test", allow_networks=LOOPBACK, pacing=Pacing(delay=600), timeout=60) as fetcher:
        await fetcher.get(url)
        request = asyncio.create_task(fetcher.get(url))
        for _ in range(6):
            loop_clock.skip(100)
            await asyncio.sleep(0)
        assert (await request).body == b"news"


async def test_a_site_gets_one_request_at_a_time(newsroom: Newsroom, fetcher: Fetcher) -> None:
    urls = [newsroom.publish(f"/{number}", body=b"news") for number in range(20)]

    await asyncio.gather(*map(fetcher.get, urls))

    assert newsroom.most_at_once == 1


async def test_a_cancelled_request_releases_its_turn(newsroom: Newsroom, pacing: Pacing) -> None:
    newsroom.publish("/slow", when=asyncio.Event())

    async with Fetcher(user_agent="test", allow_networks=LOOPBACK, pacing=pacing) as fetcher:
        task = asyncio.create_task(fetcher.get(newsroom.url("/slow")))
        await newsroom.asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert pacing.ready("127.0.0.1")


# Forbidden and unreachable addresses


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://10.0.0.1/", id="private"),
        pytest.param("http://169.254.169.254/latest/meta-data/", id="metadata"),
        pytest.param("http://0xa.1/", id="hexadecimal"),
        pytest.param("http://167772161/", id="decimal"),
        pytest.param("http://１０.0.0.1/", id="full width"),
        pytest.param("http://[::ffff:10.0.0.1]/", id="mapped"),
        pytest.param("http://[fe80::1%25lo]/", id="link-local"),
        pytest.param("http://example.org@10.0.0.1/", id="userinfo"),
        pytest.param("http://10.0.0.1\\@example.org/", id="backslash"),
        pytest.param("ftp://example.org/", id="ftp"),
        pytest.param("feed.xml", id="relative"),
        pytest.param("", id="empty"),
        pytest.param("http://a:b:c/", id="two ports"),
    ],
)
async def test_a_forbidden_url_is_never_connected_to(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(Forbidden):
        await fetcher.get(url)


async def test_the_loopback_is_forbidden_unless_allowed(newsroom: Newsroom, pacing: Pacing) -> None:
    async with Fetcher(user_agent="test", pacing=pacing) as fetcher:
        for host in ("127.0.0.1", "localhost", "127.1", "0x7f.1", "0.0.0.0"):
            with pytest.raises(Forbidden):
                await fetcher.get(newsroom.url(host=host))

    assert newsroom.requests == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        pytest.param("http://127.0.0.1:1/", "Connection refused", id="closed"),
        pytest.param("http://nothing.invalid/", "no address for this name", id="no name"),
        pytest.param("http://" + "a" * 64 + ".example/", "not a valid name", id="too long a name"),
    ],
)
async def test_a_url_without_a_server_is_unreachable(fetcher: Fetcher, url: str, reason: str) -> None:
    with pytest.raises(Unreachable, match=reason):
        await fetcher.get(url)


async def test_a_server_without_tls_is_unreachable_by_https(newsroom: Newsroom, fetcher: Fetcher) -> None:
    with pytest.raises(Unreachable, match="no TLS"):
        await fetcher.get(newsroom.url().replace("http:", "https:"))


async def test_a_proxy_in_the_environment_is_not_used(
    newsroom: Newsroom, elsewhere: Newsroom, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", elsewhere.url())

    await fetcher.get(newsroom.publish("/feed.xml", body=b"news"))

    assert elsewhere.requests == []


async def test_every_failure_is_a_fetch_error(newsroom: Newsroom, fetcher: Fetcher) -> None:
    """With any byte of the response flipped, `get` returns a reply or raises a FetchError."""
    whole = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"18\r\n" + gzip.compress(b"news", mtime=0) + b"\r\n0\r\n\r\n"
    )
    for position in range(len(whole)):
        raw = bytearray(whole)
        raw[position] ^= 0x15
        try:
            await fetcher.get(newsroom.publish("/feed.xml", raw=bytes(raw)))
        except FetchError:
            continue
