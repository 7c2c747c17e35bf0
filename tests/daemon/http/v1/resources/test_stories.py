"""/v1/stories: stories are listed, searched and shown as the commands do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestd.store.records import operator_decisions
from ingestd.store.stories import story_list
from tests.daemon.http.v1.api import Api
from tests.support.stories import cut, publish, report

HOUR = timedelta(hours=1)


@pytest.fixture
async def stories(api: Api) -> Api:
    """Two stories: the records 1 to 3, and 4 and 5."""
    now = datetime.now(UTC) - HOUR
    await publish(api.database, "https://apnews.com/feed", report(1), at=now)
    await publish(api.database, "https://one.example/feed", cut(report(1), 4), at=now)
    await publish(api.database, "https://two.example/feed", cut(report(1), 5), at=now)
    await publish(api.database, "https://three.example/feed", report(2), at=now)
    await publish(api.database, "https://four.example/feed", cut(report(2), 4), at=now)
    assert api.service.placer
    await api.service.placer.place_all()
    return api


async def test_stories_are_listed_by_time_and_searched_as_the_command_does(stories: Api) -> None:
    carried = await stories.command("stories", "list")
    newest = sorted(carried, key=lambda one: (one["last_seen_at"], one["id"]), reverse=True)
    word = carried[0]["headline"].split()[0]

    assert [len(one["copies"]) for one in newest] == [2, 3]
    assert await stories.value("/v1/stories") == newest
    assert await stories.pages("/v1/stories", limit=1) == newest
    assert await stories.value("/v1/stories", min_publishers=3) == newest[1:]
    assert await stories.value("/v1/stories", min_carriers=4) == []
    assert await stories.value("/v1/stories", agency="AP") == newest[1:]
    assert await stories.value("/v1/stories", since="2999-01-01") == []
    assert await stories.pages("/v1/stories", q=word, limit=1) == await stories.command("stories", "search", word)


async def test_a_story_that_has_come_since_is_not_on_the_pages_behind_it(stories: Api) -> None:
    first = await stories.get("/v1/stories", limit=1)
    assert first.next
    await publish(stories.database, "https://six.example/feed", report(3), at=datetime.now(UTC))
    await publish(stories.database, "https://five.example/feed", cut(report(3), 4), at=datetime.now(UTC))
    assert stories.service.placer
    await stories.service.placer.place_all()

    assert [one["id"] for one in await stories.value(first.next)] == [1]
    assert [one["id"] for one in await stories.value("/v1/stories")] == [3, 2, 1]


async def test_a_page_of_few_stories_looks_through_a_bounded_number(
    stories: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(story_list, "_BATCH", 1)
    monkeypatch.setattr(story_list, "_MAX_ROWS", 1)

    empty = await stories.get("/v1/stories", min_carriers=4, limit=1)

    assert (empty.value, bool(empty.next)) == ([], True)
    assert await stories.pages("/v1/stories", min_carriers=4, limit=1) == []


@pytest.mark.parametrize("more", [{}, {"q": "ferry"}], ids=["list", "search"])
async def test_the_cursor_of_another_list_is_refused(api: Api, more: dict[str, str]) -> None:
    answer = await api.get("/v1/stories", cursor="WzFd", **more)

    assert (answer.status, answer.value["detail"][:25]) == (400, "cursor is not of this lis")


async def test_a_story_is_shown_as_the_command_shows_it(stories: Api) -> None:
    assert await stories.value("/v1/stories/2") == await stories.command("stories", "show", 2)
    missing = await stories.get("/v1/stories/9")
    assert (missing.status, missing.value["detail"][:10]) == (404, "no story 9")


async def test_of_a_killed_record_a_story_has_no_words(stories: Api) -> None:
    async with stories.database.write() as connection:
        await operator_decisions.kill(connection, 1, actor="test", reason=None, now=datetime.now(UTC))

    def headline(story: Any) -> Any:
        return story["copies"][0]["headline"]

    assert headline(await stories.value("/v1/stories/1")) is None
    assert headline((await stories.value("/v1/stories"))[1]) is None
    assert headline(await stories.value("/v1/stories/1", include_withheld="true")) is not None
