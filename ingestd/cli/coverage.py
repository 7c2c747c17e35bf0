"""`ingestd coverage`: what is complete, from when until when, and except where."""

import asyncio
from datetime import datetime
from typing import Annotated, Any

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.errors import UsageError
from ingestd.store.polls import gaps, sources
from ingestd.times import iso, parse_iso, utc


def coverage(
    source: Annotated[str | None, typer.Argument(help="The number or URL of a source; default: all.")] = None,
    since: Annotated[
        str | None, typer.Option(help="From this time on, as in 2026-01-31T09:00:00+01:00; without a zone: UTC.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Up to this time.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say what is complete, from when until when, and except where.

    Exit status: 0 when all of the time asked for is, 1 when there are open gaps or a source was not watched in all of
    it, 2 when there is no such source or time.
    """
    start, end = _moment("--since", since), _moment("--until", until)

    async def work() -> list[dict[str, Any]]:
        async with open_database(config) as database, database.read() as connection:
            number = (await sources.find(connection, source)).id if source else None
            return await gaps.coverage(connection, number, since=start, until=end)

    rows = asyncio.run(work())
    if json:
        show_json(rows)
    else:
        for row in rows:
            _tell(row, start, end)
    raise typer.Exit(0 if all(row["whole"] for row in rows) else 1)


def _tell(row: dict[str, Any], since: datetime | None, until: datetime | None) -> None:
    name = row["title"] or row["url"]
    if row["complete_from"] is None:
        show(f"{name}: not watched in this time")
        return
    holes = [gap for gap in row["gaps"] if gap["state"] != "repaired"]
    span = f"complete from {iso(row['complete_from'])} to {iso(row['complete_until'])}"
    show(f"{name}: {span}{', except' if holes else ''}")
    # As they are shown: what differs by less than a second does not differ.
    if since and iso(row["complete_from"]) != iso(since):
        show(f"  not watched: {iso(since)} to {iso(row['complete_from'])}")
    if until and iso(row["complete_until"]) != iso(until):
        show(f"  not watched yet: {iso(row['complete_until'])} to {iso(until)}")
    for gap in row["gaps"]:
        note = f": {gap['note']}" if gap["note"] else ""
        span = f"{iso(gap['from_at'])} to {iso(gap['to_at'])}"
        show(f"  {gap['state']} gap {gap['id']}: {span}, {gap['found']} found{note}")
    if row["given_up"]:
        show(f"  {row['given_up']} entries are known and could not be read: `ingestd failures list --given-up`")


def _moment(option: str, text: str | None) -> datetime | None:
    when = parse_iso(text)
    if text and when is None:
        raise UsageError(f"{option} {text!r} is no time; write it as in 2026-01-31T09:00:00Z")
    return utc(when) if when else None
