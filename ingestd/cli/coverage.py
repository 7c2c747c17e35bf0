"""`ingestd coverage`."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import NO_SOURCES
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show, show_json
from ingestd.errors import UsageError
from ingestd.store.polls import gaps, sources
from ingestd.times import iso, parse_iso, utc


def coverage(
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", help="Number or URL of a source. Default: all sources.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Report from TIME on, as in 2026-01-31T09:00:00+01:00; UTC without an offset."
        ),
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Report up to TIME.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Report the time for which each source is complete.

    Lists the gaps in that span: times in which entries may have been missed.

    Exit status: 0 if every source is complete for the whole time, 1 if there is an open gap or a source was not polled
    for all of it, 2 if there is no such source or a time is invalid.
    """
    start, end = _parse_time("--since", since), _parse_time("--until", until)

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.read() as connection:
            number = (await sources.find(connection, source)).id if source else None
            return await gaps.coverage(connection, number, since=start, until=end)

    rows = asyncio.run(work())
    if json:
        show_json(rows)
    else:
        if not rows:
            note(NO_SOURCES)
        for row in rows:
            _print_text(row, start, end)
    raise typer.Exit(0 if all(row["whole"] for row in rows) else 1)


def _print_text(row: dict[str, Any], since: datetime | None, until: datetime | None) -> None:
    name = row["title"] or row["url"]
    if row["complete_from"] is None:
        show(f"{name}: not polled in this time")
        return
    gaps_left = [gap for gap in row["gaps"] if gap["state"] != "repaired"]
    span = f"complete from {iso(row['complete_from'])} to {iso(row['complete_until'])}"
    show(f"{name}: {span}{', except' if gaps_left else ''}")
    # Compared as printed: times that differ by less than a second look the same.
    if since and iso(row["complete_from"]) != iso(since):
        show(f"  not polled: {iso(since)} to {iso(row['complete_from'])}")
    if until and iso(row["complete_until"]) != iso(until):
        show(f"  not polled yet: {iso(row['complete_until'])} to {iso(until)}")
    for gap in row["gaps"]:
        note = f": {gap['note']}" if gap["note"] else ""
        span = f"{iso(gap['from_at'])} to {iso(gap['to_at'])}"
        show(f"  {gap['state']} gap {gap['id']}: {span}, {gap['found']} found{note}")
    if row["quarantined"]:
        show(f"  {row['quarantined']} entries are quarantined: run `ingestd failures list --quarantined`")


def _parse_time(option: str, text: str | None) -> datetime | None:
    when = parse_iso(text)
    if text and when is None:
        raise UsageError(f"{option}: {text!r} is not a time; write it as in 2026-01-31T09:00:00Z")
    return utc(when) if when else None
