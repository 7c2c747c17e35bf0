"""robots.txt as a real server has it, and does not have it (RFC 9309)."""

import gzip
import threading
from ipaddress import IPv4Network

import pytest
from protego import Protego

from ingestd.errors import Disallowed, RobotsUnreachable
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from ingestd.web.politeness.robots import LONGEST_DELAY, Memory, RobotsFile
from tests.support.newsroom import Answer, Newsroom

LOOPBACK = [IPv4Network("127.0.0.0/8")]
RULES = b"User-agent: *\nDisallow: /private\nAllow: /private/press\n\nUser-agent: ingestd\nDisallow: /not-for-us\n"


def asked(newsroom: Newsroom, path: str = "/robots.txt") -> int:
    return [request.path for request in newsroom.requests].count(path)


async def test_the_group_of_our_name_counts_and_the_rule_is_told(newsroom: Newsroom, fetcher: Fetcher) -> None:
    newsroom.publish("/robots.txt", body=RULES, content_type="text/plain")

    await fetcher.robots.check(newsroom.url("/private"))
    with pytest.raises(Disallowed, match="Disallow: /not-for-us"):
        await fetcher.robots.check(newsroom.url("/not-for-us/1"))

    assert asked(newsroom) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_a_4xx_allows_everything(newsroom: Newsroom, fetcher: Fetcher, status: int) -> None:
    newsroom.publish("/robots.txt", status=status)
    newsroom.publish("/page", body=b"x")

    assert (await fetcher.get(newsroom.url("/page"), obey_robots=True)).status == 200
    await fetcher.get(newsroom.url("/page"), obey_robots=True)

    assert asked(newsroom) == 1


@pytest.mark.parametrize(
    "answer", [Answer(status=500), Answer(status=503), Answer(reset=True), Answer(raw=b"SSH-2.0-x\r\n")],
    ids=["500", "503", "reset", "no-http"],
)  # fmt: skip
async def test_one_that_cannot_be_had_forbids_everything_for_now(
    newsroom: Newsroom, fetcher: Fetcher, answer: Answer
) -> None:
    newsroom.publish("/robots.txt", answers=[answer])
    newsroom.publish("/page", body=b"x")

    with pytest.raises(RobotsUnreachable):
        await fetcher.get(newsroom.url("/page"), obey_robots=True)

    assert asked(newsroom, "/page") == 0


async def test_one_without_content_forbids_nothing(newsroom: Newsroom, fetcher: Fetcher) -> None:
    newsroom.publish("/robots.txt", status=204, content_type=None)

    assert await fetcher.robots.check(newsroom.url("/page")) == 0


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_of_one_that_is_larger_than_any_answer_the_beginning_counts(newsroom: Newsroom, packed: bool) -> None:
    body = RULES + b"# padding\n" * 200_000
    headers = {"Content_Encoding": "gzip"} if packed else {}
    newsroom.publish("/robots.txt", body=gzip.compress(body) if packed else body, **headers)

    async with Fetcher(
        user_agent="ingestd/1", allow_networks=LOOPBACK, pacing=Pacing(delay=0), max_body=1_000_000
    ) as fetcher:
        await fetcher.robots.check(newsroom.url("/page"))
        with pytest.raises(Disallowed):
            await fetcher.robots.check(newsroom.url("/not-for-us/1"))


async def test_thousands_of_rules_are_read_once_and_beside_the_event_loop(
    newsroom: Newsroom, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = "".join(f"Disallow: /*{number}*x*y*z$\n" for number in range(2_000))
    newsroom.publish("/robots.txt", body=f"User-agent: *\nDisallow: /private\n{rules}".encode())
    parse, readers = Protego.parse, list[threading.Thread]()

    def parse_and_tell(body: str) -> Protego:
        readers.append(threading.current_thread())
        return parse(body)

    monkeypatch.setattr(Protego, "parse", parse_and_tell)

    for number in (1, 2, 3):
        with pytest.raises(Disallowed, match="Disallow: /private"):
            await fetcher.robots.check(newsroom.url(f"/private/{number}"))

    assert len(readers) == 1
    assert readers[0] is not threading.current_thread()


async def test_only_so_many_lines_are_kept_at_hand(
    newsroom: Newsroom, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingestd.web.politeness.robots._LINES_AT_HAND", 15)
    newsroom.publish("/robots.txt", body=b"User-agent: *\n" + b"Disallow: /x\n" * 9)

    for host in ("127.0.0.1", "127.0.0.1", "localhost", "127.0.0.1"):
        await fetcher.robots.check(newsroom.url("/page", host=host))

    assert asked(newsroom) == 3


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        ("/a", "/a/b"), ("/a*c", "/a/b/c/d"), ("/*.pdf$", "/x.pdf"), ("*", "/"), ("/a$", "/a"), ("/*?", "/a?b"),
        ("/caf%C3%A9", "/café"), ("/*a*a*a*a*a*a*a*", "/" + "a" * 30),
    ],
)  # fmt: skip
async def test_the_rule_that_decides_is_told(newsroom: Newsroom, fetcher: Fetcher, rule: str, path: str) -> None:
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


async def test_each_redirect_of_a_page_is_asked_about(newsroom: Newsroom, fetcher: Fetcher) -> None:
    newsroom.publish("/robots.txt", body=RULES, content_type="text/plain")
    newsroom.publish("/page", status=302, Location="/not-for-us/1")

    with pytest.raises(Disallowed):
        await fetcher.get(newsroom.url("/page"), obey_robots=True)

    assert asked(newsroom, "/not-for-us/1") == 0


@pytest.mark.parametrize(("written", "seconds"), [("3", 3.0), ("1.5", 1.5), ("86400", LONGEST_DELAY), ("soon", 0.0)])
async def test_a_crawl_delay_is_kept_to_up_to_a_limit(
    newsroom: Newsroom, fetcher: Fetcher, written: str, seconds: float
) -> None:
    newsroom.publish("/robots.txt", body=f"User-agent: *\nCrawl-delay: {written}".encode(), content_type="text/plain")

    assert await fetcher.robots.check(newsroom.url("/page")) == seconds


async def test_what_it_said_outlives_the_process(newsroom: Newsroom) -> None:
    kept: dict[str, RobotsFile] = {}

    async def recall(origin: str) -> RobotsFile | None:
        return kept.get(origin)

    async def keep(file: RobotsFile) -> None:
        kept[file.origin] = file

    newsroom.publish("/robots.txt", body=RULES, content_type="text/plain")
    for _ in range(2):
        memory = Memory(recall=recall, keep=keep)
        pacing = Pacing(delay=0)
        async with Fetcher(user_agent="ingestd/1", allow_networks=LOOPBACK, pacing=pacing, robots_memory=memory) as one:
            await one.robots.check(newsroom.url("/page"))

    assert asked(newsroom) == 1


async def test_only_the_first_500_kilobytes_are_read(newsroom: Newsroom, fetcher: Fetcher) -> None:
    body = b"User-agent: *\nDisallow: /first\n" + b"# padding\n" * 60_000 + b"Disallow: /last\n"
    newsroom.publish("/robots.txt", body=body, content_type="text/plain")

    await fetcher.robots.check(newsroom.url("/last"))
    with pytest.raises(Disallowed):
        await fetcher.robots.check(newsroom.url("/first"))
