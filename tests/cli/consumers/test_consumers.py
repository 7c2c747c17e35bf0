"""`ingestd consumers` on both databases."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.delivery.kinds import KINDS
from ingestd.delivery.kinds.webhook.signature import key_of, make_secret
from ingestd.model.consumer import FailedMessage
from ingestd.settings.values import with_async_driver
from ingestd.store.consumers import consumers, failures
from ingestd.store.database import Database
from ingestd.store.schema import tables
from tests.cli.running import Done, ingestd
from tests.support.outcomes import NOON, keep_texts
from tests.support.webhook_receiver import WebhookReceiver

URL = "https://desk.example/hook"


@asynccontextmanager
async def writing(database_url: str) -> AsyncIterator[AsyncConnection]:
    async with Database(with_async_driver(database_url)) as database, database.write() as connection:
        yield connection


@pytest.fixture
def stored(either: Path, database_url: str) -> Path:
    """Settings of a database with the events 1 to 6."""

    async def work() -> None:
        async with Database(with_async_driver(database_url)) as database:
            await keep_texts(database, "https://one.example/feed", *(f"Story {n}" for n in range(1, 7)))

    asyncio.run(work())
    return either


def add(config: Path, *arguments: str, name: str = "desk", url: str = URL) -> Done:
    done = ingestd(config, "consumers", "add", name, "--kind", "webhook", "--set", f"url={url}", *arguments)
    assert done.status == 0, done.error
    return done


def shown(config: Path, *arguments: str) -> Any:
    return ingestd(config, "consumers", "show", "desk", "--json", *arguments).json


def save_failures(database_url: str, *, position: int, **states: str) -> None:
    """Give the consumer failed messages, by their number, as in `_3="dead"`."""

    async def work() -> None:
        async with writing(database_url) as connection:
            consumer = await consumers.find(connection, "desk")
            c = tables.consumers.c
            moved = update(tables.consumers).where(c.id == consumer.id).values(cursor=position, kill_cursor=position)
            await connection.execute(moved)
            for seq, state in states.items():
                row: Any = {
                    "consumer_id": consumer.id, "seq": int(seq[1:]), "record_id": int(seq[1:]), "state": state,
                    "attempts": 1, "first_at": NOON, "last_at": NOON, "next_at": NOON if state == "waiting" else None,
                    "status": 500, "error": "HTTP 500", "excerpt": "no",
                }  # fmt: skip
                await failures.save(connection, [FailedMessage(**row)])
                attempt = failures.Attempt(
                    consumer_id=consumer.id, seq=row["seq"], attempt=1, at=NOON, delivered=False, status=500,
                    error="HTTP 500", excerpt="no",
                )  # fmt: skip
                await failures.add_attempts(connection, [attempt])

    asyncio.run(work())


def test_a_webhook_is_added_with_a_secret_that_is_printed_once(stored: Path) -> None:
    done = add(stored)

    line, secret = done.out.splitlines()
    assert line == "consumer desk: webhook, form full, gets the events after number 6"
    assert len(key_of(secret.removeprefix("secret: "))) == 32
    assert "consumers show desk --secrets" in done.error
    assert shown(stored)["settings"] == {"secret": "(hidden)", "url": URL}
    assert shown(stored, "--secrets")["settings"]["secret"] == secret.removeprefix("secret: ")
    assert "whsec_" not in ingestd(stored, "consumers", "show", "desk").out


def test_a_secret_that_is_given_is_not_printed(stored: Path) -> None:
    secret = make_secret()

    done = add(stored, "--set", f"secret={secret}", "--json")

    assert secret not in done.out
    assert shown(stored, "--secrets")["settings"]["secret"] == secret


@pytest.mark.parametrize(("where", "cursor"), [(["--after", "4"], 4), (["--from-start"], 0), ([], 6)])
def test_a_consumer_begins_where_it_is_told(stored: Path, where: list[str], cursor: int) -> None:
    add(stored, *where)

    [listed] = ingestd(stored, "consumers", "list", "--json").json
    assert (listed["cursor"], listed["behind"], listed["state"]) == (cursor, 6 - cursor, "active")
    assert "desk" in ingestd(stored, "consumers", "list").out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--kind", "carrier-pigeon"], "there is no kind 'carrier-pigeon'; the kinds are "),
        (["--kind", "webhook"], "needs the setting 'url': give it with --set url=VALUE"),
        (["--kind", "webhook", "--set", "ulr=https://a.example"], "the kind webhook has no setting 'ulr'; it has"),
        (["--kind", "webhook", "--set", f"url={URL}", "--set", "colour=red"], "has no setting 'colour'; it has "),
        (["--kind", "webhook", "--set", f"url={URL}", "--set", "timeout=soon"], "setting 'timeout'"),
        (["--kind", "webhook", "--set", f"url={URL}", "--set", "retries=5s,later"], "setting 'retries'"),
        (["--kind", "webhook", "--set", f"url={URL}", "--set", "secret=hush"], "setting 'secret': should be whsec_"),
        (["--kind", "webhook", "--set", "hush"], "given as --set KEY=VALUE"),
        (["--kind", "webhook", "--set", f"url={URL}", "--form", "morse"], "there is no form 'morse'; the forms are "),
        (["--kind", "webhook", "--set", f"url={URL}", "--filter", "colour:red"], "colour"),
        (["--kind", "webhook", "--set", f"url={URL}", "--after", "7"], "there is no event 7 yet"),
        (["--kind", "webhook", "--set", f"url={URL}", "--after", "1", "--from-start"], "not both"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_valid(stored: Path, arguments: list[str], complaint: str) -> None:
    done = ingestd(stored, "consumers", "add", "desk", *arguments)

    assert done.status == 2
    assert complaint in done.error
    assert "hush" not in done.error
    assert ingestd(stored, "consumers", "list", "--json").json == []


def test_each_kind_has_a_form_unless_one_is_given(stored: Path) -> None:
    for name, *more in (("feed",), ("files", "--set", "folder=/srv/in"), ("sse", "--form", "cloudevents")):
        assert ingestd(stored, "consumers", "add", name, "--kind", name, *more).status == 0

    found = ingestd(stored, "consumers", "list", "--json").json
    assert {one["name"]: one["form"] for one in found} == {"feed": "thin", "files": "full", "sse": "cloudevents"}


def test_an_unknown_kind_lists_all(stored: Path) -> None:
    done = ingestd(stored, "consumers", "add", "desk", "--kind", "pigeon")

    assert all(name in done.error for name in KINDS)


def test_filter_form_and_settings_change(stored: Path) -> None:
    add(stored, "--set", "timeout=5s")

    done = ingestd(
        stored, "consumers", "set", "desk", "--filter", "kind:killed", "--form", "thin", "--set", "url=http://b.example/",
        "--unset", "timeout",
    )  # fmt: skip

    now = shown(stored)
    assert done.out == "consumer desk: changed filter, form, url, timeout\n"
    assert (now["filter"], now["form"]) == ("kind:killed", "thin")
    assert now["settings"] == {"secret": "(hidden)", "url": "http://b.example/"}
    assert ingestd(stored, "consumers", "set", "desk").status == 2
    assert "'url'" in ingestd(stored, "consumers", "set", "desk", "--unset", "url").error


def test_a_paused_consumer_keeps_its_place(stored: Path) -> None:
    add(stored, "--after", "2")

    assert ingestd(stored, "consumers", "pause", "desk").out == "consumer desk: paused, after event 2\n"
    assert ingestd(stored, "consumers", "resume", "desk", "--json").json == {
        "name": "desk", "state": "active", "cursor": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("where", "cursor"), [(["--after", "3"], 3), (["--after", "0"], 0), (["--end"], 6), (["--at", "2000-01-01"], 0)]
)
def test_a_consumer_is_moved(stored: Path, where: list[str], cursor: int) -> None:
    add(stored, "--after", "5")

    assert ingestd(stored, "consumers", "seek", "desk", *where, "--json").json["cursor"] == cursor
    assert shown(stored)["cursor"] == cursor


def test_a_place_must_be_given(stored: Path) -> None:
    add(stored)

    assert ingestd(stored, "consumers", "seek", "desk").status == 2
    assert ingestd(stored, "consumers", "seek", "desk", "--end", "--after", "1").status == 2
    assert "no event 99 yet" in ingestd(stored, "consumers", "seek", "desk", "--after", "99").error


def test_failures_are_listed_redelivered_and_dropped(stored: Path, database_url: str) -> None:
    add(stored)
    save_failures(database_url, position=6, _2="dead", _3="waiting", _5="dead")

    listed = ingestd(stored, "consumers", "failures", "desk", "--json").json
    dead = ingestd(stored, "consumers", "failures", "desk", "--state", "dead", "--json").json
    [attempt] = ingestd(stored, "consumers", "failures", "desk", "3", "--json").json
    redelivered = ingestd(stored, "consumers", "redeliver", "desk", "1-3")
    dropped = ingestd(stored, "consumers", "drop", "desk", "5")

    assert [(one["seq"], one["state"], one["status"], one["excerpt"]) for one in listed] == [
        (2, "dead", 500, "no"), (3, "waiting", 500, "no"), (5, "dead", 500, "no"),
    ]  # fmt: skip
    assert [one["seq"] for one in dead] == [2, 5]
    assert (attempt["error"], attempt["excerpt"], attempt["delivered"]) == ("HTTP 500", "no", False)
    assert redelivered.out == "consumer desk: 2 messages are due again\n"
    assert dropped.out == "consumer desk: 1 messages are given up\n"
    assert [(one["seq"], one["state"], one["attempts"])
            for one in ingestd(stored, "consumers", "failures", "desk", "--json").json] == [
        (2, "waiting", 0), (3, "waiting", 0),
    ]  # fmt: skip
    assert ingestd(stored, "consumers", "redeliver", "desk", "5").status == 2
    assert ingestd(stored, "consumers", "redeliver", "desk", "x-y").status == 2
    assert ingestd(stored, "consumers", "redeliver", "desk", "--all", "--json").json == {"name": "desk", "due": 2}
    assert shown(stored)["waiting"] == 2


def test_answers_to_messages_about_withheld_records_are_not_shown(stored: Path, database_url: str) -> None:
    add(stored)
    save_failures(database_url, position=6, _2="dead", _3="dead")

    async def withhold() -> None:
        async with writing(database_url) as connection:
            r = tables.records.c
            await connection.execute(update(tables.records).where(r.id == 2).values(pubstatus="withheld"))

    asyncio.run(withhold())

    hidden, usable = ingestd(stored, "consumers", "failures", "desk", "--json").json
    [attempt] = ingestd(stored, "consumers", "failures", "desk", "2", "--json").json
    asked = ingestd(stored, "consumers", "failures", "desk", "--include-withheld", "--json")
    assert (hidden["status"], hidden["excerpt"], hidden["error"]) == (
        500,
        None,
        "(not shown, as the record may not be)",
    )
    assert (usable["excerpt"], attempt["excerpt"]) == ("no", None)
    assert asked.json[0]["excerpt"] == "no"
    assert "withheld content shown" in asked.error


def test_events_are_replayed(stored: Path, database_url: str) -> None:
    add(stored)

    done = ingestd(stored, "consumers", "replay", "desk", "--from", "2", "--to", "4")

    assert done.out == "consumer desk: 3 events are sent again\n"
    assert [one["seq"] for one in ingestd(stored, "consumers", "failures", "desk", "--json").json] == [2, 3, 4]
    assert ingestd(stored, "consumers", "replay", "desk", "--from", "5", "--json").json["events"] == 1
    assert ingestd(stored, "consumers", "replay", "desk", "--from", "5", "--to", "2").status == 2
    assert ingestd(stored, "consumers", "replay", "desk", "--from", "7").status == 2


def test_a_test_message_is_marked_signed_and_changes_nothing(stored: Path, receiver: WebhookReceiver) -> None:
    receiver.answers.append(web.Response(status=202, text="got it"))
    add(stored, "--set", f"secret={receiver.secrets[0]}", "--after", "1", url=receiver.url)
    before = shown(stored)

    done = ingestd(stored, "consumers", "test", "desk")

    [attempt] = receiver.attempts
    assert done.out == f"message {attempt.id}: delivered, HTTP 202\ngot it\n"
    assert (attempt.body["kind"], attempt.body["seq"]) == ("test", 0)
    assert attempt.body["record"]["headline"] == "Test message from ingestd"
    assert shown(stored) == before


def test_a_test_message_that_is_refused_says_why(stored: Path, receiver: WebhookReceiver) -> None:
    receiver.answers.append(web.Response(status=500, text="full"))
    add(stored, "--set", f"secret={receiver.secrets[0]}", url=receiver.url)

    done = ingestd(stored, "consumers", "test", "desk", "--json")

    assert done.status == 1
    assert {**done.json, "id": None} == {
        "id": None, "delivered": False, "status": 500, "error": "HTTP 500", "excerpt": "full",
    }  # fmt: skip


@pytest.mark.parametrize("form", ["thin", "full", "ninjs", "cloudevents"])
def test_a_test_message_can_have_any_form(stored: Path, receiver: WebhookReceiver, form: str) -> None:
    add(stored, "--set", f"secret={receiver.secrets[0]}", "--form", form, url=receiver.url)

    done = ingestd(stored, "consumers", "test", "desk")

    assert done.status == 0
    assert "Test message from ingestd" in str(receiver.attempts[0].body)


def test_a_rotated_secret_signs_beside_the_previous_one(stored: Path, receiver: WebhookReceiver) -> None:
    add(stored, "--set", f"secret={receiver.secrets[0]}", url=receiver.url)

    rotated = ingestd(stored, "consumers", "rotate", "desk", "--keep", "2h", "--json").json

    receiver.secrets.append(rotated["secret"])
    until = datetime.fromisoformat(rotated["previous_until"])
    assert ingestd(stored, "consumers", "test", "desk").status == 0
    assert len(receiver.attempts[0].headers["webhook-signature"].split()) == 2
    assert timedelta(hours=1) < until - datetime.now(until.tzinfo) <= timedelta(hours=2)
    assert "30 days at most" in ingestd(stored, "consumers", "rotate", "desk", "--keep", "31d").error


def test_a_consumer_is_removed_with_its_failures(stored: Path, database_url: str) -> None:
    add(stored)
    save_failures(database_url, position=6, _2="dead")

    assert ingestd(stored, "consumers", "remove", "desk").out == "consumer desk: removed\n"
    assert ingestd(stored, "consumers", "list", "--json").json == []
    assert "no consumers" in ingestd(stored, "consumers", "list").error


@pytest.mark.parametrize(
    "arguments",
    [["show", "desk"], ["set", "desk", "--form", "thin"], ["pause", "desk"], ["resume", "desk"],
     ["seek", "desk", "--end"], ["replay", "desk", "--from", "1"], ["failures", "desk"], ["redeliver", "desk", "1"],
     ["drop", "desk", "1"], ["test", "desk"], ["rotate", "desk"], ["remove", "desk"]],
    ids=lambda arguments: arguments[0],
)  # fmt: skip
def test_an_unknown_consumer_is_named(stored: Path, arguments: list[str]) -> None:
    done = ingestd(stored, "consumers", *arguments)

    assert (done.status, done.out) == (2, "")
    assert done.error == "no consumer desk; `ingestd consumers list` shows all\n"
