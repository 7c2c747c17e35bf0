"""`ingestd filter try`."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.cli.since import parse_since
from ingestd.filters import Filter
from ingestd.model.event import Event
from ingestd.store.consumers import candidates
from ingestd.store.events import event_log
from ingestd.store.events.event_log import EventsLost


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An event, and whether a filter lets it through."""

    matches: bool
    seq: int
    at: datetime
    kind: str
    record: int
    guid: str
    #: None: there is none, or the record may not be shown.
    headline: str | None
    #: The parts of the filter that keep it out.
    against: tuple[str, ...]


def try_(
    filter_: Annotated[str, typer.Argument(metavar="FILTER", help="As in 'site:bbc.co.uk -subject:sport ferry'.")],
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only events since TIME: ISO 8601, or how long ago, as in 2d.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="Try it on the last N events.")] = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Try a filter on the last events, and say what is against each.

    Newest first. An event of a record that is withheld or killed has no headline, and only a source, site or language
    that the record never had keeps it out here; fewer consumers get it, as docs/filters.md explains.

    Exit status: 0, whether or not an event matches; 2 if the filter cannot be read: the message says where and why.
    """
    found = asyncio.run(_try(config, filters.parse(filter_), parse_since(since), limit, json=json))
    if json:
        show_json(found)
    elif found:
        rows = [
            (one.matches, one.seq, one.at, one.kind, one.record, one.headline or one.guid, " ".join(one.against))
            for one in found
        ]
        show_table(("matches", "seq", "at", "kind", "record", "headline", "against"), rows)
        note(f"{sum(one.matches for one in found)} of {len(found)} events match")


async def _try(config: Path | None, chosen: Filter, since: datetime | None, limit: int, *, json: bool) -> list[Tried]:
    async with open_for_reading(config) as database, database.read() as connection:
        events = [event for event in await _last_events(connection, limit) if since is None or event.at >= since]
        if not (events or json):
            await note_nothing(connection, "no events", "without --since the last ones are tried" if since else "")
        seen = await candidates.read(connection, events, chosen.fields)
        return [
            Tried(
                matches=chosen.matches(one), seq=event.seq, at=event.at, kind=event.kind, record=event.record_id,
                guid=event.guid, headline=event.headline, against=chosen.reasons_against(one),
            )
            for event, one in zip(events, seen, strict=True)
        ]  # fmt: skip


async def _last_events(connection: AsyncConnection, limit: int) -> Sequence[Event]:
    """Return the last events that are kept, newest first."""
    after = max(await event_log.last_seq(connection) - limit, 0)
    try:
        batch = await event_log.read_after(connection, after, limit=limit)
    except EventsLost as lost:
        batch = await event_log.read_after(connection, lost.last, limit=limit)
    return batch.events[::-1]
