"""robots.txt (RFC 9309), served by a real server."""

import gzip
import threading
from ipaddress import IPv4Network

import pytest
from protego import Protego

from ingestd.errors import Disallowed, RobotsUnreachable
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from ingestd.web.politeness.robots import MAX_CRAWL_DELAY, RobotsFile, RobotsStore
from tests.support.newsroom import Answer, Newsroom

LOOPBACK = [IPv4Network("127.0.0.0/8")]
RULES = b"User-agent: *\nDisallow: /private\nAllow: /private/press\n\nUser-agent: ingestd\nDisallow: /not-for-us\n"


def requests(newsroom: Newsroom, path: str = "/robots.txt") -> int:
    return [request.path for request in newsroom.requests].count(path)


async def test_the_group_for_our_product_applies_and_the_error_quotes_the_rule(
    newsroom: Newsroom, fetcher: Fetcher
) -> None:
    newsroom.publish("/robots.txt", body=RULES, content_type="text/plain")

    await fetcher.robots.check(newsroom.url("/private"))
    with pytest.raises(Disallowed, match="Disallow: /not-for-us"):
        await fetcher.robots.check(newsroom.url("/not-for-us/1"))

    assert requests(newsroom) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_4xx_allows_everything(newsroom: Newsroom, fetcher: Fetcher, status: int) -> None:
    newsroom.publish("/robots.txt", status=status)
    newsroom.publish("/page", body=b"x")

    assert (await fetcher.get(newsroom.url("/page"), obey_robots=True)).status == 200
    await fetcher.get(newsroom.url("/page"), obey_robots=True)

    assert requests(newsroom) == 1


@pytest.mark.parametrize(
    "answer", [Answer(status=500), Answer(status=503), Answer(reset=True), Answer(raw=b"SSH-2.0-x\r\n")],
    ids=["500", "503", "reset", "no-http"],
)  # fmt: skip
async def test_an_unreadable_file_disallows_everything_for_now(
    newsroom: Newsroom, fetcher: Fetcher, answer: Answer
) -> None:
    newsroom.publish("/robots.txt", answers=[answer])
    newsroom.publish("/page", body=b"x")

    with pytest.raises(RobotsUnreachable):
        await fetcher.get(newsroom.url("/page"), obey_robots=True)

    assert requests(newsroom, "/page") == 0


async def test_an_empty_file_allows_everything(newsroom: Newsroom, fetcher: Fetcher) -> None:
    newsroom.publish("/robots.txt", status=204, content_type=None)

    assert await fetcher.robots.check(newsroom.url("/page")) == 0


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "gzip"])
async def test_a_file_larger_than_max_body_is_truncated(newsroom: Newsroom, compressed: bool) -> None:
    body = RULES + b"# padding\n" * 200_000
    headers = {"Content_Encoding": "gzip"} if compressed else {}
    newsroom.publish("/robots.txt", body=gzip.compress(body) if compressed else body, **headers)

    async with Fetcher(
        user_agent="ingestd/1", allow_networks=LOOPBACK, pacing=Pacing(delay=0), max_body=1_000_000
    ) as fetcher:
        await fetcher.robots.check(newsroom.url("/page"))
        with pytest.raises(Disallowed):
            await fetcher.robots.check(newsroom.url("/not-for-us/1"))


async def test_thousands_of_rules_are_parsed_once_and_outside_the_event_loop(
    newsroom: Newsroom, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = "".join(f"Disallow: /*{number}*x*y*z$\n" for number in range(2_000))
    newsroom.publish("/robots.txt", body=f"User-agent: *\nDisallow: /private\n{rules}".encode())
    parse, threads = Protego.parse, list[threading.Thread]()

    def parse_and_record(body: str) -> Protego:
        threads.append(threading.current_thread())
        return parse(body)

    monkeypatch.setattr(Protego, "parse", parse_and_record)

    for number in (1, 2, 3):
        with pytest.raises(Disallowed, match="Disallow: /private"):
            await fetcher.robots.check(newsroom.url(f"/private/{number}"))

    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


async def test_the_number_of_cached_lines_is_limited(
    newsroom: Newsroom, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.web.politeness.robots._MAX_CACHED_LINES", 15)
    newsroom.publish("/robots.txt", body=b"User-agent: *\n" + b"Disallow: /x\n" * 9)

    for host in ("127.0.0.1", "127.0.0.1", "localhost", "127.0.0.1"):
        await fetcher.robots.check(newsroom.url("/page", host=host))

    assert requests(newsroom) == 3


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/a", "/a/b"), ("/a*c", "/a/b/c/d"), ("/*.pdf$", "/x.pdf"), ("*", "/"), ("/a$", "/a"), ("/*?", "/a?b"),
        ("/caf%C3%A9", "/café"), ("/*a*a*a*a*a*a*a*", "/" + "a" * 30),
    ],
)  # fmt: skip
async def test_the_error_quotes_the_rule_that_matches(
    newsroom: Newsroom, fetcher: Fetcher, rule: str, path: str
) -> None:
    newsroom.publish(
        "/robots.txt", body=f"User-agent: *\nDisallow: /zzz/longer/than/all/of/them\nDisallow: {rule}".encode()
    )

    with pytest.raises(Disallowed) as caught:
        await fetcher.robots.check(newsroom.url(path))

    assert f"Disallow: {rule}" in caught.value.reason


async def test_redirects_are_followed(newsroom: Newsroom, fetcher: Fetcher) -> None:
    newsroom.publish("/robots.txt", status=301, Location="/there.txt")
    newsroom.publish("/there.txt", body=b"User-agent: *\nDisallow: /", content_type="text/plain")

    with pytest.raises(Disallowed):
        await fetcher.get(newsroom.url("/page"), obey_robots=True)


async def test_each_redirect_of_a_page_is_checked(newsroom: Newsroom, fetcher: Fetcher) -> None:
    newsroom.publish("/robots.txt", body=RULES, content_type="text/plain")
    newsroom.publish("/page", status=302, Location="/not-for-us/1")

    with pytest.raises(Disallowed):
        await fetcher.get(newsroom.url("/page"), obey_robots=True)

    assert requests(newsroom, "/not-for-us/1") == 0


@pytest.mark.parametrize(("value", "seconds"), [("3", 3.0), ("1.5", 1.5), ("86400", MAX_CRAWL_DELAY), ("soon", 0.0)])
async def test_a_crawl_delay_is_observed_up_to_a_limit(
    newsroom: Newsroom, fetcher: Fetcher, value: str, seconds: float
) -> None:
    newsroom.publish("/robots.txt", body=f"User-agent: *\nCrawl-delay: {value}".encode(), content_type="text/plain")

    assert await fetcher.robots.check(newsroom.url("/page")) == seconds


async def test_a_crawl_delay_counts_before_its_file_is_stored(newsroom: Newsroom) -> None:
    """Storing may take long, and the process may end meanwhile."""
    newsroom.publish("/robots.txt", body=b"User-agent: *\nCrawl-delay: 60\n", content_type="text/plain")
    known: list[float] = []
    pacing = Pacing(delay=0)

    async def keep(_body: bytes, _answer: object) -> None:
        known.append(pacing.delay_of("127.0.0.1"))

    store = RobotsStore(keep=keep)
    async with Fetcher(
        user_agent="ingestd", timeout=5, max_body=10_000, allow_networks=LOOPBACK, pacing=pacing, robots_store=store
    ) as fetcher:
        assert await fetcher.robots.check(newsroom.url("/page")) == 60

    assert known == [60]


async def test_a_stored_file_is_not_fetched_again_by_another_process(newsroom: Newsroom) -> None:
    stored: dict[str, RobotsFile] = {}

    async def load(origin: str) -> RobotsFile | None:
        return stored.get(origin)

    async def save(file: RobotsFile) -> None:
        stored[file.origin] = file

    newsroom.publish("/robots.txt", body=RULES, content_type="text/plain")
    for _ in range(2):
        store = RobotsStore(load=load, save=save)
        pacing = Pacing(delay=0)
        async with Fetcher(
            user_agent="ingestd/1", allow_networks=LOOPBACK, pacing=pacing, robots_store=store
        ) as fetcher:
            await fetcher.robots.check(newsroom.url("/page"))

    assert requests(newsroom) == 1


async def test_only_the_first_500_kilobytes_are_read(newsroom: Newsroom, fetcher: Fetcher) -> None:
    body = b"User-agent: *\nDisallow: /first\n" + b"# padding\n" * 60_000 + b"Disallow: /last\n"
    newsroom.publish("/robots.txt", body=body, content_type="text/plain")

    await fetcher.robots.check(newsroom.url("/last"))
    with pytest.raises(Disallowed):
        await fetcher.robots.check(newsroom.url("/first"))
