"""Headers of feeds and pages come back from the archive, without secrets."""

from ingestd.pipeline.runtime import Runtime
from tests.support.desk import STORY, add, feed, page, poll_all
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
    assert ("Etag", '"a1"') in of_feed.answer.headers
    assert (of_page.answer.status, of_page.answer.reason, of_page.answer.final_url) == (200, "OK", link)
    assert (headers["tdm-reservation"], headers["set-cookie"]) == ("1", "")
    assert await runtime.archive.get(of_page.sha256) == page("Ferry", STORY)
