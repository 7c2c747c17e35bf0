"""Status lines and headers of answers come back from the archive, without secrets."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from multidict import CIMultiDict

from ingestd.archive.protocol import Kind
from ingestd.errors import ArchiveError, RobotsUnreachable
from ingestd.pipeline.retention import prune_database
from ingestd.pipeline.runtime import Runtime
from ingestd.settings import Settings
from ingestd.store.retention import batches, caches
from ingestd.web.logins import Login
from tests.archive.test_directory import make_older
from tests.support.desk import STORY, add, feed, open_desk, page, poll_all
from tests.support.newsroom import Answer as Reply
from tests.support.newsroom import Newsroom

COOKIE = "session=3f9c0a17"


async def test_the_headers_of_feed_and_page_are_kept_without_cookies(newsroom: Newsroom, runtime: Runtime) -> None:
    link = newsroom.publish(
        "/1", body=page("Ferry", STORY), content_type="text/html", tdm_reservation="1", Set_Cookie=COOKIE
    )
    url = newsroom.publish("/feed.xml", body=feed(link), ETag='"a1"')
    await add(runtime, url)

    await poll_all(runtime)

    [of_feed], [of_page] = await runtime.archive.answers(url=url), await runtime.archive.answers(url=link)
    headers = {name.lower(): value for name, value in of_page.answer.headers}
    assert ("ETag", '"a1"') in of_feed.answer.headers
    assert (of_page.answer.status, of_page.answer.reason, of_page.answer.final_url) == (200, "OK", link)
    assert (headers["tdm-reservation"], headers["set-cookie"]) == ("1", "")
    assert await runtime.archive.get(of_page.sha256) == page("Ferry", STORY)


async def answers_of(runtime: Runtime, url: str) -> list[tuple[int, str, bytes]]:
    """Return status, reason and body of each answer to requests for a URL."""
    found = await runtime.archive.answers(url=url)
    return [(one.answer.status, one.answer.reason, await runtime.archive.get(one.sha256)) for one in found]


async def forget_robots(runtime: Runtime) -> None:
    """Let every cached robots.txt expire."""
    await batches.run(runtime.database, caches.of_robots_files(datetime.now(UTC) + timedelta(days=2)))
    runtime.fetcher.robots._files.clear()


async def test_each_version_of_a_robots_txt_is_kept_with_its_time_and_headers(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    first, second = b"User-agent: *\nDisallow: /a\n", b"User-agent: *\nDisallow: /b\n"
    robots = newsroom.publish("/robots.txt", answers=[
        Reply(body=first, content_type="text/plain", headers=CIMultiDict({"tdm-policy": "x", "Set-Cookie": COOKIE})),
        Reply(body=first, content_type="text/plain"), Reply(body=second, content_type="text/plain"),
        Reply(status=503), Reply(raw=b"SSH-2.0-x\r\n"), Reply(body=second, content_type="text/plain"),
        Reply(status=404),
    ])  # fmt: skip
    before = datetime.now(UTC)

    for _ in range(7):
        with suppress(RobotsUnreachable):
            await runtime.fetcher.robots.check(newsroom.url("/page"))
        await forget_robots(runtime)

    found = await answers_of(runtime, robots)
    assert [(status, body) for status, _, body in found] == [
        (200, first), (200, second), (503, b""), (0, b""), (200, second), (404, b"")
    ]  # fmt: skip
    [oldest, *_] = await runtime.archive.answers(url=robots)
    headers = {name.lower(): value for name, value in oldest.answer.headers}
    assert (headers["tdm-policy"], headers["set-cookie"]) == ("x", "")
    assert before <= oldest.answer.fetched_at <= datetime.now(UTC)
    assert found[3][1] != ""  # why it could not be read


async def test_the_redirects_that_led_to_a_page_are_kept_with_their_headers(
    newsroom: Newsroom, runtime: Runtime
) -> None:
    end = newsroom.publish("/end", body=page("Ferry", STORY), content_type="text/html")
    middle = newsroom.publish("/middle", status=302, Location="/end", tdm_reservation="1")
    link = newsroom.publish("/1", status=301, Location="/middle", Set_Cookie=COOKIE)
    await add(runtime, newsroom.publish("/feed.xml", body=feed(link)))

    await poll_all(runtime)

    [found] = await runtime.archive.answers(url=link)
    redirects = found.answer.redirects
    assert found.answer.final_url == end
    assert [(one.url, one.status, one.reason) for one in redirects] == [
        (link, 301, "Moved Permanently"), (middle, 302, "Found")
    ]  # fmt: skip
    assert ("Location", "/end") in redirects[1].headers
    assert ("tdm-reservation", "1") in [(name.lower(), value) for name, value in redirects[1].headers]
    assert COOKIE not in str(redirects)


async def test_the_status_line_and_headers_of_refusals_are_kept(newsroom: Newsroom, runtime: Runtime) -> None:
    link = newsroom.publish("/1", status=451, Link='<https://court.example/7>; rel="blocked-by"', Set_Cookie=COOKIE)
    moved = newsroom.publish("/2", status=302, Location="/gone")
    newsroom.publish("/gone", status=410)
    await add(runtime, newsroom.publish("/feed.xml", body=feed(link, moved)))
    down = newsroom.publish("/down.xml", status=500, X_Fault="17")
    await add(runtime, down)

    await poll_all(runtime)

    [page_refused, *_] = await runtime.archive.answers(url=link)
    [after_redirect, *_] = await runtime.archive.answers(url=moved)
    [feed_refused] = await runtime.archive.answers(url=down)
    assert page_refused.answer.status == 451
    assert ("Link", '<https://court.example/7>; rel="blocked-by"') in page_refused.answer.headers
    assert (after_redirect.answer.status, after_redirect.answer.final_url) == (410, newsroom.url("/gone"))
    assert (feed_refused.answer.status, feed_refused.answer.reason) == (500, "Internal Server Error")
    assert ("X-Fault", "17") in feed_refused.answer.headers
    assert COOKIE not in str(page_refused)


@pytest.mark.parametrize("login", ["header X-Key s3cr3t-value", "query key s3cr3t-value", "bearer s3cr3t-value"])
async def test_no_login_is_kept_with_redirects_and_refusals(
    newsroom: Newsroom, database_url: str, tmp_path: Path, login: str
) -> None:
    echo = {"X-Echo": "key=s3cr3t-value", "Link": "</other?key=s3cr3t-value>; rel=self", "X-Bare": "s3cr3t-value"}
    location = "/end?key=s3cr3t-value" if "query" in login else "/end"
    redirect = Reply(status=302, headers=CIMultiDict({**echo, "Location": location}))
    newsroom.publish("/end", answers=[Reply(status=403, headers=CIMultiDict(echo))])
    newsroom.publish("/page", answers=[Reply(body=page("Ferry", STORY), headers=CIMultiDict(echo))])
    to_page = Reply(status=302, headers=CIMultiDict({**echo, "Location": location.replace("end", "page")}))
    url = newsroom.publish("/feed.xml", answers=[redirect])
    link = newsroom.publish("/1", answers=[to_page])
    listing = newsroom.publish("/open.xml", body=feed(link))
    logins = (Login.parse(f"{newsroom.url('')} {login}"),)
    async with open_desk(database_url, tmp_path, logins=logins) as runtime:
        await add(runtime, url)
        await add(runtime, listing)
        await poll_all(runtime)

        found = [*await runtime.archive.answers(url=url), *await runtime.archive.answers(url=link)]

    assert [(one.answer.status, len(one.answer.redirects)) for one in found] == [(403, 0), (200, 1)]
    assert len(str(found)) > 500
    assert "s3cr3t" not in str(found)


async def test_answers_of_refusals_go_with_the_failures(newsroom: Newsroom, runtime: Runtime, tmp_path: Path) -> None:
    down = newsroom.publish("/down.xml", status=503)
    await add(runtime, down)
    await poll_all(runtime)
    settings = Settings(state_dir=tmp_path, keep_failures=86_400.0)

    later = datetime.now(UTC) + timedelta(days=1, hours=1)
    await prune_database(runtime.database, runtime.archive, settings, now=later - timedelta(hours=2))
    kept = len(await runtime.archive.answers(url=down))
    await prune_database(runtime.database, runtime.archive, settings, now=later + timedelta(days=1))

    assert (kept, len(await runtime.archive.answers(url=down))) == (1, 0)


@pytest.mark.parametrize(("kind", "days"), [("feed", 7), ("page", 90), ("wire", 90)])
async def test_what_a_killed_process_left_in_the_archive_goes_with_its_age(
    runtime: Runtime, tmp_path: Path, kind: Kind, days: int
) -> None:
    left = await runtime.archive.put(b"no row names this", kind)
    settings = Settings(state_dir=tmp_path)

    make_older(tmp_path / "archive", days - 1)
    await prune_database(runtime.database, runtime.archive, settings, now=datetime.now(UTC))
    assert await runtime.archive.get(left.sha256) == b"no row names this"
    make_older(tmp_path / "archive", 3)
    await prune_database(runtime.database, runtime.archive, settings, now=datetime.now(UTC))

    with pytest.raises(ArchiveError, match="missing"):
        await runtime.archive.get(left.sha256)
