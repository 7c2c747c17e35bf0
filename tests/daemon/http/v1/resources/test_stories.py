"""/v1/stories: stories are listed, searched and shown as the commands do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingestd.store.records import operator_decisions
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


async def test_stories_are_listed_and_searched_as_the_commands_do(stories: Api) -> None:
    listed = await stories.command("stories", "list")
    word = listed[0]["headline"].split()[0]

    assert [len(one["copies"]) for one in listed] == [3, 2]
    assert await stories.value("/v1/stories") == listed
    assert await stories.pages("/v1/stories", limit=1) == listed
    assert await stories.value("/v1/stories", min_publishers=3) == listed[:1]
    assert await stories.value("/v1/stories", since="2999-01-01") == []
    assert await stories.pages("/v1/stories", q=word, limit=1) == await stories.command("stories", "search", word)


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
    assert headline((await stories.value("/v1/stories"))[0]) is None
    assert headline(await stories.value("/v1/stories/1", include_withheld="true")) is not None
