"""Print what happens in the demo, as it happens, until everything that was published is stored."""

import asyncio
from collections.abc import Callable
from operator import eq
from time import monotonic

from ingestd.cli.output import show, show_json_lines
from ingestd.demo import holdings
from ingestd.demo.holdings import Holdings
from ingestd.demo.newsroom import Newsroom
from ingestd.demo.receiver import Received, Receiver
from ingestd.errors import IngestError
from ingestd.model.event import Event
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.operations import overview
from ingestd.times import iso


def due(newsroom: Newsroom) -> Holdings:
    """Return what a daemon that misses nothing holds in the end."""
    return holdings.expected_holdings(newsroom.expected, newsroom.expected_wire)


def kills(receiver: Receiver) -> list[Received]:
    """Return the kills that the webhook was sent."""
    return [one for one in receiver.received.values() if one.kind == "killed"]


def show_message(message: Received, known: bool, *, json: bool) -> None:
    """Print what the webhook was sent."""
    if json:
        show_json_lines([{"webhook": message.id, "kind": message.kind, "again": known}])
        return
    again = " again" if known else ""
    show(f"-> event {message.seq}{again}: {message.kind}  {message.headline or '(no text)'}  ({message.source_title})")


def show_event(event: Event, *, json: bool) -> None:
    """Print an event of the log."""
    if json:
        show_json_lines([event])
        return
    # A withheld record has no headline until it is released, and a killed one has none any more.
    headline = event.headline or ("(killed)" if event.kind == "killed" else "(withheld)")
    show(f"{event.kind:9} {iso(event.versioncreated)}  {headline}  ({event.source_title})")


async def follow(
    database: Database,
    newsroom: Newsroom,
    receiver: Receiver,
    *,
    is_complete: Callable[[Holdings, Holdings], bool] = eq,
    give_up_after: float | None,
    json: bool,
) -> None:
    """Print events as they happen, for ever or, with `give_up_after`, until everything published is stored and sent.

    `is_complete` compares what is stored with what should be.
    Raises IngestError when it takes longer than `give_up_after` seconds.
    """
    seen, started, events = 0, monotonic(), list[Event]()
    while True:
        async with database.read() as connection:
            found = await event_log.read_after(connection, seen)
            figures = await overview.summary(connection)
            ended = give_up_after is not None and newsroom.finished.is_set()
            stored = await holdings.stored_holdings(database, newsroom) if ended else None
        seen = found.after
        events += found.events if give_up_after is not None else ()
        for event in found.events:
            show_event(event, json=json)
        is_stored = (
            stored is not None and is_complete(stored, due(newsroom)) and not figures["pending"] and not found.events
        )
        if is_stored and not receiver.missing(events):
            return
        if give_up_after is not None and monotonic() - started > give_up_after:
            if is_stored:
                raise IngestError(
                    f"the webhook did not get the events {receiver.missing(events)} in {give_up_after:.0f} s"
                )
            raise IngestError(
                f"not everything was stored within {give_up_after:.0f} s: {stored} instead of {due(newsroom)}"
            )
        await asyncio.sleep(0.25)
