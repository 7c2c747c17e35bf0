"""Consumers of the kind `feed`: what a WebSub hub is told."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from pydantic import ValidationError

from ingestd.delivery.kinds.feed import KIND
from ingestd.errors import EndpointDown, EndpointGone
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher
from ingestd.web.politeness.pacing import Pacing
from tests.delivery.kinds.contract import make_messages, opened, render

PUBLIC = "https://news.example/ingestd"
TOPICS = [f"{PUBLIC}/feeds/desk.{suffix}" for suffix in ("atom", "rss", "json", "ninjs")]


class Hub:
    """A WebSub hub on the loopback, which keeps what it was told."""

    def __init__(self) -> None:
        self.forms: list[dict[str, str]] = []
        self.status = 204
        #: The first request waits until it is set.
        self.go_on = asyncio.Event()
        self.asked = asyncio.Event()
        self.url = ""

    async def take(self, request: web.Request) -> web.Response:
        form = {key: str(value) for key, value in (await request.post()).items()}
        self.asked.set()
        await self.go_on.wait()
        if self.status < 300:
            self.forms.append(form)
        return web.Response(status=self.status, headers={"Retry-After": "7"})

    @property
    def topics(self) -> list[str]:
        return [form["hub.url"] for form in self.forms]


@pytest.fixture
async def hub() -> AsyncIterator[Hub]:
    hub = Hub()
    app = web.Application()
    app.router.add_post("/", hub.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    hub.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield hub
    hub.go_on.set()
    await runner.cleanup()


def settings(hub: Hub, **more: Any) -> dict[str, Any]:
    return {"public": True, "hub": hub.url, **more}


OPERATOR = Settings(public_url=PUBLIC, api_token="a token that is long enough")


async def test_the_hub_is_told_of_every_address_of_the_feed(hub: Hub, fetcher: Fetcher) -> None:
    hub.go_on.set()

    async with opened(KIND, settings(hub), fetcher, OPERATOR) as sender:
        await sender.send(render(make_messages(1, 1)[0]))

    assert hub.topics == TOPICS
    assert {form["hub.mode"] for form in hub.forms} == {"publish"}


async def test_an_example_tells_the_hub_and_says_so(hub: Hub, fetcher: Fetcher) -> None:
    hub.go_on.set()

    async with opened(KIND, settings(hub), fetcher, OPERATOR) as sender:
        receipt = await sender.send(replace(render(make_messages(1, 1)[0]), is_example=True))

    assert receipt.done == "the hub was told that the feed has changed"
    assert hub.topics == TOPICS


async def test_changes_that_wait_meanwhile_are_one_announcement(hub: Hub, fetcher: Fetcher) -> None:
    first, *others = make_messages(50, 50)

    async with opened(KIND, settings(hub), fetcher, OPERATOR) as sender, asyncio.TaskGroup() as group:
        group.create_task(sender.send(render(first)))
        await hub.asked.wait()
        for one in others:
            group.create_task(sender.send(render(one)))
        await asyncio.sleep(0)
        hub.go_on.set()

    # One for the first, and one after it that is about all the others.
    assert hub.topics == TOPICS * 2


async def test_a_hub_that_fails_is_told_again(hub: Hub, fetcher: Fetcher) -> None:
    hub.go_on.set()
    hub.status = 503
    message = render(make_messages(1, 1)[0])

    async with opened(KIND, settings(hub), fetcher, OPERATOR) as sender:
        with pytest.raises(EndpointDown, match="503") as caught:
            await sender.send(message)
        assert (caught.value.status, caught.value.retry_after) == (503, 7)
        hub.status = 202
        await sender.send(message)

    assert hub.topics == TOPICS


async def test_without_a_hub_nobody_is_told(fetcher: Fetcher) -> None:
    async with opened(KIND, {}, fetcher) as sender:
        await sender.send(render(make_messages(1, 1)[0]))


@pytest.mark.parametrize(
    ("operator", "public", "words"),
    [(Settings(), True, "set public_url"), (OPERATOR, False, "set public = true")],
    ids=["no address", "private feed"],
)
async def test_a_hub_that_could_not_read_the_feed_is_refused(
    hub: Hub, fetcher: Fetcher, operator: Settings, words: str, *, public: bool
) -> None:
    with pytest.raises(EndpointGone, match=words):
        async with opened(KIND, settings(hub, public=public), fetcher, operator):
            pass


async def test_the_guard_of_the_fetcher_applies_to_hubs(hub: Hub) -> None:
    async with (
        Fetcher(user_agent="test", pacing=Pacing(delay=0)) as guarded,
        opened(KIND, settings(hub), guarded, OPERATOR) as sender,
    ):
        with pytest.raises(EndpointDown, match=r"127\.0\.0\.1"):
            await sender.send(render(make_messages(1, 1)[0]))

    assert not hub.asked.is_set()


@pytest.mark.parametrize(
    "wrong", [{"hub": "ftp://hub.example/"}, {"hub": "https://user:secret@hub.example/"}, {"size": 0}, {"colour": 1}]
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        KIND.settings.model_validate(wrong)
