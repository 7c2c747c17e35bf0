"""Consumers: /v1/consumers, their settings, state and place in the log."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field

from ingestd.daemon.http.v1.parameters import Answer, Body, Parameters, Text
from ingestd.daemon.http.v1.problems import Problem
from ingestd.daemon.http.v1.route import Call, Handler, Reply, Route
from ingestd.delivery import management, trial
from ingestd.model.consumer import ConsumerState
from ingestd.store.consumers import consumers

#: Seconds for which the previous secret of a webhook may sign.
_MAX_KEEP = int(management.LONGEST_ROTATION.total_seconds())

#: Path of one consumer.
ONE = "/v1/consumers/{name}"


class ConsumerPath(Parameters):
    """Which consumer."""

    name: Text = Field(description="Name of a consumer.")


class ConsumerSummary(Answer):
    """A consumer, how far it is, and how many messages it was not sent."""

    name: str
    kind: str
    state: ConsumerState
    filter: str
    form: str
    epoch: str
    cursor: int
    #: Events that it has not passed; null: its cursor is of an epoch that has ended.
    behind: int | None
    waiting: int
    blocked: int
    dead: int
    reason: str | None
    failing_since: datetime | None
    waits_until: datetime | None
    delivered_at: datetime | None
    created_at: datetime


class ConsumerDetails(ConsumerSummary):
    """A consumer with its settings; secrets are hidden, except one that was generated just now."""

    settings: dict[str, Any]


class NewConsumer(Body):
    """A consumer to add."""

    name: str
    kind: str
    filter: str = ""
    form: str | None = Field(
        None, description="How its messages are written; null: `thin` for the kind `feed`, `full` for all others."
    )
    settings: dict[str, Any] = Field(default_factory=dict)
    after: int | None = Field(
        None,
        ge=0,
        le=10**18 - 1,
        description="It gets the events after this number; 0: all that are kept; null: those to come.",
    )


class ConsumerChange(Body):
    """What to change of a consumer; what is left out stays."""

    filter: str | None = None
    form: str | None = None
    settings: dict[str, Any] | None = Field(None, description="A setting that is null gets its default again.")


class Place(Body):
    """Where a consumer continues: one of the three."""

    after: int | None = Field(None, ge=0, le=10**18 - 1, description="After this event; 0: all that are kept.")
    at: datetime | None = Field(None, description="With the first event since this time.")
    end: bool = Field(False, description="With the events to come.")


class Rotation(Body):
    """For how long the present secret signs as well."""

    keep: int = Field(86_400, ge=0, le=_MAX_KEEP, description="Seconds.")


class NewSecret(Answer):
    """The new secret of a webhook."""

    name: str
    secret: str
    previous_until: datetime


class Tested(Answer):
    """The result of a test message."""

    id: str
    delivered: bool
    status: int | None
    error: str | None
    excerpt: str | None


async def list_consumers(call: Call) -> object:
    """List the consumers, by name."""
    async with call.read() as connection:
        return await management.summaries(connection)


async def show_consumer(call: Call) -> object:
    """Return a consumer with its settings, without secrets."""
    return await _described(call, call.path.name)


async def add_consumer(call: Call) -> object:
    """Add a consumer, which gets the events of the log.

    A secret that is generated is in this answer only. The daemon begins to deliver within a second.
    """
    body: NewConsumer = call.body
    async with call.write() as connection:
        added = await management.add(
            connection, **dict(body), operator=call.service.runtime.settings, now=datetime.now(UTC)
        )
    shown = await _described(call, added.name)
    generated = {key: value for key, value in added.settings.items() if key not in body.settings}
    shown["settings"] |= generated
    return Reply(value=shown, headers={"Location": f"/v1/consumers/{added.name}"})


async def change_consumer(call: Call) -> object:
    """Change the filter, the form or settings of a consumer."""
    body: ConsumerChange = call.body
    async with call.write() as connection:
        await management.change(connection, call.path.name, **dict(body), operator=call.service.runtime.settings)
    return await _described(call, call.path.name)


async def remove_consumer(call: Call) -> object:
    """Remove a consumer, its place in the log and its failures."""
    async with call.write() as connection:
        await consumers.remove(connection, call.path.name)
    return None


async def pause_consumer(call: Call) -> object:
    """Pause a consumer; it keeps its place until resumed."""
    async with call.write() as connection:
        await consumers.set_state(connection, call.path.name, "paused")
    return await _described(call, call.path.name)


async def resume_consumer(call: Call) -> object:
    """Resume a consumer that is paused or disabled, where it stopped."""
    async with call.write() as connection:
        await consumers.set_state(connection, call.path.name, "active")
    return await _described(call, call.path.name)


async def seek_consumer(call: Call) -> object:
    """Move a consumer to another place of the log.

    Events that follow are delivered, with the same identifiers if they were before. An expired consumer goes on.
    """
    body: Place = call.body
    if (body.after is not None) + (body.at is not None) + body.end != 1:
        raise Problem(422, "give one of after, at and end")
    at = body.at.replace(tzinfo=UTC) if body.at and body.at.tzinfo is None else body.at
    async with call.write() as connection:
        await consumers.seek(connection, call.path.name, after=body.after, at=at)
    return await _described(call, call.path.name)


async def rotate_secret(call: Call) -> object:
    """Give a webhook a new secret; the present one also signs for some time."""
    body: Rotation = call.body
    async with call.write() as connection:
        rotated = await management.rotate(
            connection, call.path.name, keep=timedelta(seconds=body.keep), now=datetime.now(UTC)
        )
    settings = rotated.settings
    return {"name": rotated.name, "secret": settings["secret"], "previous_until": settings["previous_until"]}


async def test_consumer(call: Call) -> object:
    """Send an example to a consumer and return its answer.

    The example is an event of the kind `test` with the number 0, in the consumer's form. It is sent whatever the
    consumer's state and filter, and changes nothing of it. Where there is no answer, `excerpt` says what was done.
    """
    async with call.read() as connection:
        consumer = await consumers.find(connection, call.path.name)
    runtime = call.service.runtime
    tested = await trial.send_test(consumer, runtime.settings, runtime.fetcher, datetime.now(UTC))
    return {name: getattr(tested, name) for name in Tested.model_fields}


async def _described(call: Call, name: str) -> dict[str, Any]:
    async with call.read() as connection:
        return await management.described(connection, name)


def _route(path: str, handler: Handler, **others: Any) -> Route:
    return Route(
        path=path, handler=handler, tag="Consumers", **{"answer": ConsumerDetails, "parameters": ConsumerPath, **others}
    )


_COLLECTION: dict[str, Any] = {"path": "/v1/consumers", "tag": "Consumers"}

ROUTES = (
    Route(**_COLLECTION, handler=list_consumers, role="operate", answer=list[ConsumerSummary]),
    Route(
        **_COLLECTION, method="POST", handler=add_consumer, role="admin", body=NewConsumer, answer=ConsumerDetails,
        status=201, errors=(409, 410),
    ),
    _route(ONE, show_consumer, role="operate"),
    _route(ONE, change_consumer, method="PATCH", role="admin", body=ConsumerChange),
    _route(ONE, remove_consumer, method="DELETE", role="admin", answer=None, status=204),
    _route(f"{ONE}/pause", pause_consumer, method="POST", role="operate"),
    _route(f"{ONE}/resume", resume_consumer, method="POST", role="operate"),
    _route(f"{ONE}/seek", seek_consumer, method="POST", role="operate", body=Place, errors=(410,)),
    _route(f"{ONE}/rotate", rotate_secret, method="POST", role="admin", body=Rotation, answer=NewSecret),
    _route(f"{ONE}/test", test_consumer, method="POST", role="admin", answer=Tested),
)  # fmt: skip
