"""Consumers as an operator sees and changes them.

Each change raises the consumer's generation: the run that delivers to it notices, and writes nothing more by the old
state.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import NameTaken, NotFound, UsageError
from ingestd.model.consumer import Consumer
from ingestd.store.events import event_log
from ingestd.store.schema.tables import consumer_attempts, consumer_failures, consumer_leases, consumers
from ingestd.store.statements import insert_if_absent

#: Names of consumers: they stand in URLs, in metrics and in names of files.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

#: Most consumers of a database.
MOST = 1_000

#: Names of the columns of `consumers`, which are those of `Consumer`.
_COLUMNS = [column.name for column in consumers.c]


def consumer_of(row: Row[Any]) -> Consumer:
    """Return a row of `consumers` as a value."""
    return Consumer(**{name: row._mapping[name] for name in _COLUMNS})


async def add(
    connection: AsyncConnection,
    *,
    name: str,
    kind: str,
    filter: str = "",  # noqa: A002 - the word of commands, columns and settings
    form: str = "full",
    settings: Mapping[str, Any] | None = None,
    after: int | None = None,
    now: datetime,
) -> Consumer:
    """Add a consumer that gets the events after number `after`; None: those to come, 0: all that are kept.

    The caller has checked kind, form, filter and settings.

    Raises NameTaken.  Raises UsageError when the name is none, and when there is no event `after` or those that follow
    it are no longer kept.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} is no name of a consumer: use a-z, 0-9, '.', '_' and '-', 64 characters at most")
    if (await connection.execute(select(func.count()).select_from(consumers))).scalar_one() >= MOST:
        raise UsageError(f"there are {MOST} consumers, which is the most; remove one first")
    kept = await event_log.read_range(connection)
    cursor = kept.last if after is None else kept.position(after)
    row = {
        "name": name, "kind": kind, "filter": filter, "form": form, "state": "active", "epoch": kept.epoch,
        "cursor": cursor, "kill_cursor": cursor, "settings": dict(settings or {}), "created_at": now, "generation": 1,
    }  # fmt: skip
    if not await insert_if_absent(connection, consumers, row):
        raise NameTaken(f"there is a consumer {name} already; `ingestd consumers show {name}` shows it")
    return await find(connection, name)


async def find(connection: AsyncConnection, name: str) -> Consumer:
    """Return the consumer with a name; raises NotFound."""
    row = (await connection.execute(select(consumers).where(consumers.c.name == name))).first()
    if row is None:
        raise NotFound(f"no consumer {name}; `ingestd consumers list` shows all")
    return consumer_of(row)


async def list_all(connection: AsyncConnection) -> list[Consumer]:
    """Return all consumers, by name."""
    return [consumer_of(row) for row in await connection.execute(select(consumers).order_by(consumers.c.name))]


async def set_state(connection: AsyncConnection, name: str, state: Literal["active", "paused"]) -> Consumer:
    """Pause or resume a consumer; one that is resumed is tried at once.

    Raises NotFound, and UsageError when it is expired: only `seek` says from where on it goes on.
    """
    consumer = await find(connection, name)
    if state == "active" and consumer.state == "expired":
        raise UsageError(f"{consumer.reason}; `ingestd consumers seek {name}` says where it continues")
    return await _change(connection, name, state=state, reason=None, run_id=None, failing_since=None, waits_until=None)


async def change(
    connection: AsyncConnection,
    name: str,
    *,
    filter: str | None = None,  # noqa: A002 - the word of commands, columns and settings
    form: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> Consumer:
    """Change the filter, the form or all settings of a consumer; None: as it is.  Raises NotFound."""
    values = {"filter": filter, "form": form, "settings": None if settings is None else dict(settings)}
    given = {key: value for key, value in values.items() if value is not None}
    return await _change(connection, name, waits_until=None, **given)


async def remove(connection: AsyncConnection, name: str) -> None:
    """Remove a consumer with its failures, attempts and leases.  Raises NotFound."""
    # The row is locked first, so that nobody who delivers to it adds another failure.
    consumer = await _change(connection, name, run_id=None)
    for table in (consumer_failures, consumer_attempts, consumer_leases):
        await connection.execute(delete(table).where(table.c.consumer_id == consumer.id))
    await connection.execute(delete(consumers).where(consumers.c.id == consumer.id))


async def seek(
    connection: AsyncConnection, name: str, *, after: int | None = None, at: datetime | None = None
) -> Consumer:
    """Continue a consumer after event `after` (0: with the first that is kept), or with the first event since `at`.

    Without both it continues with the events to come.  What waits of the events that follow is dropped, since it is
    delivered again; of another epoch, all.  An expired consumer is active again.

    Raises NotFound, and UsageError when there is no such event, or those that follow it are no longer kept.
    """
    consumer = await find(connection, name)
    kept = await event_log.read_range(connection)
    if at is not None:
        cursor = await event_log.last_before(connection, at)
    else:
        cursor = kept.last if after is None else kept.position(after)
    state = "active" if consumer.state == "expired" else consumer.state
    reason = consumer.reason if state != "active" else None
    changed = await _change(
        connection, name, epoch=kept.epoch, cursor=cursor, kill_cursor=cursor, state=state, reason=reason,
        waits_until=None,
    )  # fmt: skip
    same_epoch = consumer.epoch == kept.epoch
    c = consumer_failures.c
    following = (c.seq > cursor) if same_epoch else (c.seq >= 0)
    await connection.execute(delete(consumer_failures).where(c.consumer_id == consumer.id, following))
    if not same_epoch:
        of_consumer = consumer_attempts.c.consumer_id == consumer.id
        await connection.execute(delete(consumer_attempts).where(of_consumer))
    await connection.execute(delete(consumer_leases).where(consumer_leases.c.consumer_id == consumer.id))
    return changed


async def _change(connection: AsyncConnection, name: str, **values: Any) -> Consumer:
    """Change columns of a consumer and raise its generation.  Raises NotFound."""
    changed = update(consumers).where(consumers.c.name == name)
    changed = changed.values(generation=consumers.c.generation + 1, **values)
    if not (await connection.execute(changed)).rowcount:
        raise NotFound(f"no consumer {name}; `ingestd consumers list` shows all")
    return await find(connection, name)
