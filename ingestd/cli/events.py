"""`ingestd events`."""

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine
from dataclasses import asdict
from json import dumps
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json_lines
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.model.event import EVENT_KINDS, Event, EventKind
from ingestd.pipeline.retry import retry_while_unavailable
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.events.event_log import EventBatch, parse_kinds
from ingestd.text import collapse
from ingestd.times import iso

#: Events read at a time.
_BATCH = 500

#: Seconds between two reads of a log that had nothing new; a read costs one lookup in an index.
_INTERVAL = 0.5

#: Values printed after an event's kind, in this order; absent ones are left out.
_SHOWN = ("seq", "at", "record", "revision", "pubstatus", "story", "other", "headline", "source", "url", "merged_into")


def events_(
    *,
    after: Annotated[int, typer.Option(min=0, metavar="N", help="Print events after number N.")] = 0,
    epoch: Annotated[
        str | None, typer.Option(metavar="EPOCH", help="Epoch of the log that N is from, as in the JSON of its event.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, metavar="N", help="Exit after N events.")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND", help=f"Only events of this kind: {', '.join(EVENT_KINDS)}. May be repeated."),
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Keep printing new events until SIGTERM or Ctrl-C.")
    ] = False,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Print the event log: what happened to which record.

    One event a line, in commit order; their numbers have no gaps. A consumer that stores the number of the last event
    it has processed, and passes it with --after, misses none and sees none twice. A restore from a backup begins a new
    epoch, in which numbers are given anew: a consumer that also passes the epoch of its last event is told so.

    Headlines and URLs of what is withheld or killed are left out unless --include-withheld is given.

    Exit status: 0 on success, also when --follow is stopped by a signal; 1 if the database cannot be used (--follow
    waits for it once it has begun); 2 if there is no event N yet, events after N are no longer kept, or the epoch has
    ended.
    """
    kinds = parse_kinds(kind or ())
    printing = _print(
        config,
        after=after,
        epoch=epoch,
        limit=limit,
        kinds=kinds,
        follow=follow,
        include_withheld=include_withheld,
        json=json,
    )
    asyncio.run(_run_until_signal(printing))


async def _print(
    config: Path | None,
    *,
    after: int,
    epoch: str | None,
    limit: int | None,
    kinds: tuple[EventKind, ...],
    follow: bool,
    include_withheld: bool,
    json: bool,
) -> None:
    left, printed = limit, False
    async with open_for_reading(config) as database:
        log_disclosure("events", include_withheld=include_withheld)
        async for batch in _batches(database, after, epoch, kinds, follow=follow, include_withheld=include_withheld):
            found = batch.events[:left]
            if not (found or printed or follow or json):
                async with database.read() as connection:
                    await note_nothing(connection, "no events", "--follow waits for the next one")
            printed = True
            if json:
                show_json_lines([{**asdict(event), "epoch": batch.epoch} for event in found])
            else:
                for event in found:
                    show(_line(event))
            if left is not None and not (left := left - len(found)):
                return


async def _batches(
    database: Database,
    after: int,
    epoch: str | None,
    kinds: tuple[EventKind, ...],
    *,
    follow: bool,
    include_withheld: bool,
) -> AsyncIterator[EventBatch]:
    """Yield the events there are and, with `follow`, new ones, waiting while the database is unavailable."""

    async def read() -> EventBatch:
        async with database.read() as connection:
            return await event_log.read_after(
                connection, after, epoch=epoch, limit=_BATCH, kinds=kinds, include_withheld=include_withheld
            )

    batch = await read()
    while True:
        yield batch
        after, epoch = batch.after, batch.epoch
        if after == batch.newest:
            if not follow:
                return
            await asyncio.sleep(_INTERVAL)
        batch = await (
            retry_while_unavailable(read, event="waiting for the database", limit=None) if follow else read()
        )


def _line(event: Event) -> str:
    """Return an event as a log line: its kind, then its values, quoted if they are more than one word."""
    values = asdict(event) | {
        "at": iso(event.at),
        "record": event.record_id,
        "source": event.source_title or event.source_url,
        "url": event.uri or event.entry_url,
    }
    shown = ((name, collapse(str(values[name]))) for name in _SHOWN if values[name] is not None)
    return " ".join([event.kind, *(f"{name}={_quoted(value)}" for name, value in shown)])


def _quoted(value: str) -> str:
    plain = value and not any(sign.isspace() or sign in "\"'" for sign in value)
    return value if plain else dumps(value, ensure_ascii=False)


async def _run_until_signal(work: Coroutine[None, None, None]) -> None:
    """Run a coroutine to its end, or until SIGTERM or SIGINT; a second signal ends the process at once.

    All output up to then is whole lines, and flushed.
    """
    loop, task = asyncio.get_running_loop(), asyncio.ensure_future(work)

    def stop(number: int, _frame: FrameType | None) -> None:
        # Not the loop's own handler: it would not run while a write blocks, because the reader of a pipe has paused.
        signal.signal(number, signal.SIG_DFL)
        loop.call_soon_threadsafe(task.cancel)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        await asyncio.wait([task])
    finally:
        task.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
    if not task.cancelled():
        task.result()
