"""`ingestd why URL`: every decision about an article's address, or a wire item's guid."""

import asyncio
from typing import Annotated, Any

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.pipeline.why import why as explain


def why(
    url: Annotated[str, typer.Argument(help="The address of an article, or the guid of a wire item.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say where an article's address was seen, what was decided about it, and why.

    Exit status: 0, 1 when nothing is known of it, 2 when it is neither a URL nor a known guid.
    """

    async def work() -> dict[str, Any]:
        async with open_database(config) as database, database.read() as connection:
            return await explain(connection, url)

    found = asyncio.run(work())
    if json:
        show_json(found)
    else:
        _tell(found)
    raise typer.Exit(0 if found["entries"] else 1)


def _tell(found: dict[str, Any]) -> None:
    if found["normalised"] != found["url"]:
        show(f"normalised: {found['normalised']}")
    if not found["entries"]:
        show("no source has announced it")
    for entry in found["entries"]:
        show(f"entry {entry['entry']} of source {entry['source']}, {entry['source_url']}")
        show(f"  seen: {entry['first_seen_at']}, last {entry['last_seen_at']}, as {entry['guid']}")
        for step in entry["history"]:
            show(f"  {step['at']} {step['stage']}: {step['verdict']}: {step['reason']}")
        if visits := _visits(entry):
            show(f"  page: {visits}")
        after = f", next attempt {entry['next_attempt_at']}" if entry["next_attempt_at"] else ""
        record = f", record {entry['record']}" if entry["record"] else ""
        show(f"  now: {entry['state']}{after}{record}")


def _visits(entry: dict[str, Any]) -> str:
    """Return how its page's visits stand, in words."""
    told = []
    if entry["gone"]:
        told.append(f"gone since {entry['gone_since']}, HTTP {entry['gone']}")
    if entry["visits"]:
        told.append(f"visited again {entry['visits']}×, last {entry['visited_at']}")
    if entry["next_visit_at"]:
        told.append(f"next visit {entry['next_visit_at']}")
    return ", ".join(told)
