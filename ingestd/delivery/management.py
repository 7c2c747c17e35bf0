"""Add, change and show consumers: what the commands and the API have in common."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.delivery.consumer_settings import check_names, check_settings, kind_settings, known_kind, shown_settings
from ingestd.delivery.kinds import find_kind
from ingestd.delivery.kinds.kind import Kind
from ingestd.delivery.kinds.webhook.signature import make_secret
from ingestd.errors import UsageError
from ingestd.model.consumer import Consumer, FailedMessage, FailedState
from ingestd.renderers.forms import FORMS
from ingestd.settings import Settings
from ingestd.store.consumers import consumers, failures, leases
from ingestd.store.consumers.shown_events import shown_events
from ingestd.store.events import event_log
from ingestd.store.events.event_log import LogRange
from ingestd.times import iso

#: How long both secrets of a webhook sign, if it is not said, and at most.
ROTATION, LONGEST_ROTATION = timedelta(days=1), timedelta(days=30)

#: What is shown of an answer to a message whose record may not be shown: it may repeat the message.
_NOT_SHOWN = "(not shown, as the record may not be)"


async def add(
    connection: AsyncConnection,
    *,
    name: str,
    kind: str,
    filter: str = "",  # noqa: A002 - the word of commands, columns and settings
    form: str | None = None,
    settings: Mapping[str, Any],
    after: int | None = None,
    operator: Settings,
    now: datetime,
) -> Consumer:
    """Add a consumer that gets the events after number `after`; None: those to come, 0: all that are kept.

    Without `form`, it has the default of its kind.

    Raises UsageError, which says what is wrong and what is valid.
    """
    chosen = known_kind(kind)
    values = {**chosen.defaults(settings), **settings}
    form = chosen.form if form is None else _checked_form(form)
    _check(chosen, values, form, operator)
    return await consumers.add(
        connection, name=name, kind=kind, filter=_checked_filter(filter), form=form, settings=values,
        after=after, now=now,
    )  # fmt: skip


async def change(
    connection: AsyncConnection,
    name: str,
    *,
    filter: str | None = None,  # noqa: A002 - the word of commands, columns and settings
    form: str | None = None,
    settings: Mapping[str, Any] | None = None,
    operator: Settings,
) -> Consumer:
    """Change the filter, the form or some settings of a consumer; None: as it is.

    A setting that is None gets its default again.  Raises NotFound, UsageError.
    """
    consumer = await leases.lock(connection, name)
    values = None
    if settings is not None:
        check_names(known_kind(consumer.kind), settings)
        values = {key: value for key, value in {**consumer.settings, **settings}.items() if value is not None}
    if settings is not None or form is not None:
        chosen = consumer.settings if values is None else values
        _check(known_kind(consumer.kind), chosen, _checked_form(form or consumer.form), operator)
    return await consumers.change(
        connection,
        name,
        filter=None if filter is None else _checked_filter(filter),
        form=form,
        settings=values,
    )


async def rotate(connection: AsyncConnection, name: str, *, keep: timedelta = ROTATION, now: datetime) -> Consumer:
    """Give a webhook a new secret; the present one also signs for the time `keep`.

    Raises NotFound, and UsageError when the consumer has no secret of this kind.
    """
    consumer = await leases.lock(connection, name)
    if consumer.kind != "webhook":
        raise UsageError(f"consumer {name} is of the kind {consumer.kind}; only webhooks have a secret to rotate")
    if not timedelta(0) <= keep <= LONGEST_ROTATION:
        raise UsageError(f"the previous secret can sign for {LONGEST_ROTATION.days} days at most")
    previous = {"previous_secret": consumer.settings["secret"], "previous_until": iso(now + keep)}
    values = {**consumer.settings, "secret": make_secret(), **previous}
    check_settings(known_kind(consumer.kind), values)
    return await consumers.change(connection, name, settings=values)


async def summaries(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return all consumers as they are listed, by name."""
    kept, counted = await event_log.read_range(connection), await failures.counts(connection)
    return [summary(one, kept, counted.get(one.id, {})) for one in await consumers.list_all(connection)]


async def described(connection: AsyncConnection, name: str, *, secrets: bool = False) -> dict[str, Any]:
    """Return all about a consumer; its secrets only with `secrets`.  Raises NotFound."""
    consumer = await consumers.find(connection, name)
    counted = (await failures.counts(connection)).get(consumer.id, {})
    settings = shown_settings(find_kind(consumer.kind), consumer.settings, secrets=secrets)
    return {**summary(consumer, await event_log.read_range(connection), counted), "settings": settings}


def summary(consumer: Consumer, kept: LogRange, counted: Mapping[str, int]) -> dict[str, Any]:
    """Return what a list shows of a consumer."""
    return {
        "name": consumer.name,
        "kind": consumer.kind,
        "state": consumer.state,
        "filter": consumer.filter,
        "form": consumer.form,
        "epoch": consumer.epoch,
        "cursor": consumer.cursor,
        # Of another epoch, nobody can tell.
        "behind": kept.last - consumer.cursor if consumer.epoch == kept.epoch else None,
        **{state: counted.get(state, 0) for state in ("waiting", "blocked", "dead")},
        "reason": consumer.reason,
        "failing_since": consumer.failing_since,
        "waits_until": consumer.waits_until,
        "delivered_at": consumer.delivered_at,
        "created_at": consumer.created_at,
    }


async def failed(
    connection: AsyncConnection,
    name: str,
    *,
    states: Iterable[FailedState] = (),
    after: int = 0,
    limit: int,
    include_withheld: bool = False,
) -> list[dict[str, Any]]:
    """Return the messages that were not delivered to a consumer, by number, from the one after `after` on.

    What an endpoint answered is left out where the record may not be shown: it may repeat the message.
    """
    consumer = await consumers.find(connection, name)
    found = await failures.failed(connection, consumer.id, states=states, after=after, limit=limit)
    seqs = {one.seq for one in found}
    shown = seqs if include_withheld else await shown_events(connection, seqs)
    return [_row(one, shown=one.seq in shown) for one in found]


async def attempts(
    connection: AsyncConnection, name: str, seq: int, *, include_withheld: bool = False
) -> list[dict[str, Any]]:
    """Return the attempts at a message of a consumer, oldest first; answers are left out as in `failed`."""
    consumer = await consumers.find(connection, name)
    shown = include_withheld or bool(await shown_events(connection, [seq]))
    return [_row(one, shown=shown) for one in await failures.attempts_of(connection, consumer.id, seq)]


def _row(one: FailedMessage | failures.Attempt, *, shown: bool) -> dict[str, Any]:
    row = {key: value for key, value in asdict(one).items() if key != "consumer_id"}
    return row if shown else {**row, "error": row["error"] and _NOT_SHOWN, "excerpt": None}


def _check(kind: Kind, values: Mapping[str, Any], form: str, operator: Settings) -> None:
    """Raise UsageError when settings are not valid, or cannot work with the settings of the operator."""
    check_settings(kind, values)
    if reason := kind.refusal(kind_settings(kind, values), form, operator):
        raise UsageError(reason)


def _checked_filter(text: str) -> str:
    """Return a filter in its canonical form; raises FilterError."""
    return str(filters.parse(text))


def _checked_form(name: str) -> str:
    names = [form.name for form in FORMS]
    if name not in names:
        raise UsageError(f"there is no form {name!r}; the forms are {', '.join(names)}")
    return name
