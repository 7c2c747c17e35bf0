"""/v1/consumers on both databases; the commands show the same."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from ingestd.delivery.kinds.webhook.signature import key_of
from ingestd.model.consumer import FailedMessage
from ingestd.store import tokens
from ingestd.store.consumers import consumers, failures
from tests.daemon.http.v1.api import Api
from tests.support.outcomes import NOON, keep_texts
from tests.support.webhook_receiver import WebhookReceiver

URL = "https://desk.example/hook"
DESK = "/v1/consumers/desk"


@pytest.fixture
async def desk(api: Api) -> Api:
    """An API with the events 1 to 6 and a webhook that has passed them."""
    await keep_texts(api.database, "https://one.example/feed", *(f"Story {n}" for n in range(1, 7)))
    added = await add(api)
    assert added.status == 201, added.value
    return api


async def add(api: Api, **changes: Any) -> Any:
    body = {"name": "desk", "kind": "webhook", "settings": {"url": URL}, **changes}
    return await api.request("POST", "/v1/consumers", json=body)


async def save_failures(api: Api, **states: str) -> None:
    async with api.database.write() as connection:
        consumer = await consumers.find(connection, "desk")
        row: Any = {
            "consumer_id": consumer.id, "attempts": 1, "first_at": NOON, "last_at": NOON, "next_at": None,
            "status": 500, "error": "HTTP 500", "excerpt": "no",
        }  # fmt: skip
        for seq, state in states.items():
            number: Any = {"seq": int(seq[1:]), "record_id": int(seq[1:]), "state": state}
            await failures.save(connection, [FailedMessage(**row, **number)])


async def test_a_consumer_is_added_shown_and_removed(desk: Api) -> None:
    again = await add(desk, name="other", after=2, form="thin", filter="kind:new")

    assert again.headers["Location"] == "/v1/consumers/other"
    assert len(key_of(again.value["settings"]["secret"])) == 32
    assert (again.value["cursor"], again.value["behind"], again.value["form"]) == (2, 4, "thin")
    shown = await desk.value("/v1/consumers/other")
    assert shown == {**again.value, "settings": {"url": URL, "secret": "(hidden)"}}
    assert shown == await desk.command("consumers", "show", "other")
    assert await desk.value("/v1/consumers") == await desk.command("consumers", "list")
    assert (await desk.request("DELETE", "/v1/consumers/other")).status == 204
    assert (await desk.get("/v1/consumers/other")).status == 404


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"kind": "pigeon"}, "there is no kind 'pigeon'"),
        ({"settings": {}}, "needs the setting 'url'"),
        ({"settings": {"url": URL, "colour": 1}}, "has no setting 'colour'"),
        ({"settings": {"url": URL, "secret": "hush"}}, "should be whsec_"),
        ({"form": "morse"}, "there is no form 'morse'"),
        ({"filter": "colour:red"}, "colour"),
        ({"name": "Desk!"}, "is no name"),
        ({"after": 99}, "there is no event 99 yet"),
    ],
)
async def test_what_is_wrong_is_a_problem_that_names_it(desk: Api, change: dict[str, Any], complaint: str) -> None:
    refused = await add(desk, **{"name": "other", **change})

    assert refused.status == 400
    assert complaint in refused.value["detail"]
    assert "hush" not in refused.value["detail"]


async def test_a_name_that_is_taken_is_a_conflict(desk: Api) -> None:
    refused = await add(desk)

    assert (refused.status, refused.value["type"]) == (409, "urn:ingestd:problem:conflict")
    assert refused.value["detail"] == "there is a consumer desk already; `GET /v1/consumers/desk` shows it"


async def test_a_consumer_that_is_not_there_is_a_problem_that_names_the_request(desk: Api) -> None:
    missing = [await desk.get("/v1/consumers/nosuch"), await desk.request("POST", "/v1/consumers/nosuch/pause")]

    assert {(one.status, one.value["detail"]) for one in missing} == {
        (404, "no consumer nosuch; `GET /v1/consumers` shows all")
    }


async def test_a_consumer_is_changed_paused_resumed_and_moved(desk: Api) -> None:
    changed = await desk.request("PATCH", DESK, json={"form": "thin", "settings": {"timeout": "5s"}})
    paused = await desk.request("POST", f"{DESK}/pause")
    moved = await desk.request("POST", f"{DESK}/seek", json={"after": 3})
    resumed = await desk.request("POST", f"{DESK}/resume")
    since = await desk.request("POST", f"{DESK}/seek", json={"at": "2000-01-01T00:00:00Z"})
    unset = await desk.request("PATCH", DESK, json={"settings": {"timeout": None}})

    assert changed.value["settings"] == {"url": URL, "secret": "(hidden)", "timeout": "5s"}
    assert (paused.value["state"], moved.value["cursor"], resumed.value["state"]) == ("paused", 3, "active")
    assert since.value["cursor"] == 0
    assert unset.value["settings"] == {"url": URL, "secret": "(hidden)"}
    assert (await desk.request("POST", f"{DESK}/seek", json={})).status == 422


async def test_failures_are_listed_in_pages_redelivered_and_dropped(desk: Api) -> None:
    await save_failures(desk, _2="dead", _3="dead", _5="dead")

    listed = await desk.pages(f"{DESK}/failures", limit=2)
    attempts = await desk.value(f"{DESK}/failures/2")
    again = await desk.request("POST", f"{DESK}/redeliver", json={"first": 1, "last": 3})
    dropped = await desk.request("POST", f"{DESK}/drop", json={"first": 5})
    everything = await desk.request("POST", f"{DESK}/redeliver", json={})

    assert [(one["seq"], one["state"], one["excerpt"]) for one in listed] == [
        (2, "dead", "no"), (3, "dead", "no"), (5, "dead", "no"),
    ]  # fmt: skip
    assert attempts == []
    assert (again.value["messages"], dropped.value["messages"], everything.value["messages"]) == (2, 1, 2)
    assert await desk.value(f"{DESK}/failures") == await desk.command("consumers", "failures", "desk")


async def test_events_are_replayed(desk: Api) -> None:
    done = await desk.request("POST", f"{DESK}/replay", json={"first": 2, "last": 4})

    assert done.value == {"name": "desk", "messages": 3}
    assert (await desk.request("POST", f"{DESK}/replay", json={"first": 4, "last": 2})).status == 400


async def test_an_example_is_sent_and_the_secret_rotated(desk: Api) -> None:
    async with WebhookReceiver([]) as receiver:
        await desk.request("PATCH", DESK, json={"settings": {"url": receiver.url}})
        rotated = await desk.request("POST", f"{DESK}/rotate", json={"keep": 60})
        receiver.secrets.append(rotated.value["secret"])
        receiver.answers.append(web.Response(status=200, text="thanks"))

        tested = await desk.request("POST", f"{DESK}/test")

    assert (tested.value["delivered"], tested.value["status"], tested.value["excerpt"]) == (True, 200, "thanks")
    assert len(receiver.attempts[0].headers["webhook-signature"].split()) == 2


async def test_a_token_that_sees_only_a_part_of_the_records_manages_no_consumers(desk: Api) -> None:
    async with desk.database.write() as connection:
        _, secret = await tokens.add(connection, "customer", role="admin", filter="ferry", now=datetime.now(UTC))
    headers = {"Authorization": f"Bearer {secret}"}
    async with aiohttp.ClientSession(desk.client._base_url, headers=headers) as customer:
        client = replace(desk, client=customer)
        for method, path in (("GET", "/v1/consumers"), ("GET", f"{DESK}/failures"), ("DELETE", DESK)):
            assert (await client.request(method, path)).status == 403


async def test_without_a_token_of_its_own_nobody_manages_consumers(desk: Api) -> None:
    async with aiohttp.ClientSession(desk.client._base_url) as stranger:
        client = replace(desk, client=stranger)
        for method, path in (("GET", "/v1/consumers"), ("POST", f"{DESK}/pause"), ("DELETE", DESK)):
            assert (await client.request(method, path)).status == 401
