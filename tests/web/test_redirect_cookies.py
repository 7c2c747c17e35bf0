"""Cookies of redirects: sent to the host that set them, for the redirects of one GET, and never again."""

from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Network

import pytest
from multidict import CIMultiDict

from ingestd.errors import TooManyRedirects
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from tests.support.newsroom import Answer, Newsroom


@pytest.fixture
async def elsewhere() -> AsyncIterator[Newsroom]:
    async with Newsroom() as elsewhere:
        yield elsewhere


def moved(location: str, *cookies: str, status: int = 302) -> Answer:
    headers = CIMultiDict({"Location": location})
    for cookie in cookies:
        headers.add("Set-Cookie", cookie)
    return Answer(status=status, headers=headers)


async def test_a_server_that_redirects_to_itself_until_its_cookie_comes_back_is_read(
    newsroom: Newsroom, fetcher: Fetcher
) -> None:
    url = newsroom.publish("/feed.xml", answers=[moved("/feed.xml", "seen=1"), Answer(body=b"news")])

    reply = await fetcher.get(url)

    assert reply.body == b"news"
    assert [request.headers.get("Cookie") for request in newsroom.requests] == [None, "seen=1"]


async def test_a_permanent_redirect_to_itself_is_no_new_address(newsroom: Newsroom, fetcher: Fetcher) -> None:
    answers = [moved("/feed.xml", "seen=1", status=301), Answer(body=b"news")]

    reply = await fetcher.get(newsroom.publish("/feed.xml", answers=answers))

    assert (reply.body, reply.permanent) == (b"news", None)


async def test_a_server_that_never_has_enough_cookies_is_asked_eleven_times(
    newsroom: Newsroom, fetcher: Fetcher
) -> None:
    answers = [moved("/feed.xml", f"seen={number}") for number in range(30)]

    with pytest.raises(TooManyRedirects):
        await fetcher.get(newsroom.publish("/feed.xml", answers=answers))

    assert len(newsroom.requests) == 11


async def test_a_server_that_ignores_its_own_cookie_is_a_loop(newsroom: Newsroom, fetcher: Fetcher) -> None:
    with pytest.raises(TooManyRedirects):
        await fetcher.get(newsroom.publish("/feed.xml", answers=[moved("/feed.xml", "seen=1")]))

    assert len(newsroom.requests) == 2


async def test_no_cookie_outlives_its_get(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", answers=[moved("/there", "seen=1; Max-Age=9999999")] * 2)
    newsroom.publish("/there", body=b"news", Set_Cookie="other=1")

    await fetcher.get(url)
    await fetcher.get(url)

    assert [request.headers.get("Cookie") for request in newsroom.requests] == [None, "seen=1"] * 2


@pytest.mark.parametrize(
    ("cookies", "sent"),
    [
        pytest.param(["a=1", "b=2"], "a=1; b=2", id="several"),
        pytest.param(["a=1", "a=2"], "a=2", id="replaced"),
        pytest.param(["a=1", "a=; Max-Age=0"], None, id="deleted"),
        pytest.param(["a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], None, id="expired"),
        pytest.param(["a=1; HttpOnly; SameSite=Lax"], "a=1", id="attributes"),
        pytest.param(["a=1; Secure"], None, id="secure-over-http"),
        pytest.param(["a=1; Path=/other"], None, id="another-path"),
        pytest.param(["a=1; Path=/"], "a=1", id="whole-host"),
        pytest.param(["a=1; Path=/feeds"], "a=1", id="own-folder"),
        pytest.param(["a=1; Domain=example.com"], None, id="another-domain"),
        pytest.param(["a=1; Domain=.0.0.1"], "a=1", id="a-wider-domain-is-the-own-host-alone"),
        pytest.param(["a=b64+/==; Path=/"], "a=b64+/==", id="as-received"),
        pytest.param(['a="quoted value"'], 'a="quoted value"', id="quotes"),
        pytest.param(["a=1,2 3"], "a=1,2 3", id="comma-and-space"),
        pytest.param(["=1", "nonsense", ";;;", "a=1"], "a=1", id="malformed"),
        pytest.param(["a="], "a=", id="empty"),
        pytest.param(["__Host-a=1; Path=/"], "__Host-a=1", id="prefix"),
    ],
)
async def test_a_cookie_is_sent_as_rfc_6265_says(
    newsroom: Newsroom, fetcher: Fetcher, cookies: Sequence[str], sent: str | None
) -> None:
    url = newsroom.publish("/feeds/old", answers=[moved("/feeds/new", *cookies)])
    newsroom.publish("/feeds/new", body=b"news")

    await fetcher.get(url)

    found = newsroom.requests[1].headers.get("Cookie")
    assert found == sent


async def test_a_cookie_stays_with_its_host(newsroom: Newsroom, fetcher: Fetcher) -> None:
    """Browsers send cookies to every port of a host; another name of the same machine is another host."""
    other = newsroom.url("/other", host="localhost")
    url = newsroom.publish("/feed.xml", answers=[moved(other, "seen=1; Path=/")])
    newsroom.publish("/other", answers=[moved(newsroom.url("/news"), "visitor=2; Path=/; Domain=127.0.0.1")])
    newsroom.publish("/news", body=b"news")

    await fetcher.get(url)

    assert [request.headers.get("Cookie") for request in newsroom.requests] == [None, None, "seen=1"]


async def test_two_requests_at_the_same_time_share_no_cookie(newsroom: Newsroom, fetcher: Fetcher) -> None:
    one = newsroom.publish("/one", answers=[moved("/end?one", "one=1; Path=/")])
    two = newsroom.publish("/two", answers=[moved("/end?two", "two=2; Path=/")])
    newsroom.publish("/end", body=b"news")

    for url in (one, two):
        await fetcher.get(url)

    ends = {request.path: request.headers.get("Cookie") for request in newsroom.requests if "end" in request.path}
    assert ends == {"/end?one": "one=1", "/end?two": "two=2"}


async def test_a_kept_answer_has_no_cookie(newsroom: Newsroom, fetcher: Fetcher) -> None:
    url = newsroom.publish("/feed.xml", answers=[moved("/feed.xml", "seen=secret"), Answer(body=b"news")])

    reply = await fetcher.get(url)

    assert "secret" not in repr(reply)
    assert ("Set-Cookie", "") in reply.redirects[0].headers


async def test_each_of_these_requests_takes_a_turn(newsroom: Newsroom) -> None:
    url = newsroom.publish("/feed.xml", answers=[moved("/feed.xml", "seen=1"), Answer(body=b"news")])

    pacing = Pacing(delay=0.1)
    async with Fetcher(user_agent="test", allow_networks=[IPv4Network("127.0.0.0/8")], pacing=pacing) as fetcher:
        await fetcher.get(url)

    first, second = newsroom.requests
    assert first.ended is not None
    assert second.started - first.ended >= 0.1
