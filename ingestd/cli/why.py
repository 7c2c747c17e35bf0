"""`ingestd why`."""

import asyncio
from typing import Annotated, Any

import typer

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.pipeline.why import why as explain


def why(
    url: Annotated[str, typer.Argument(metavar="URL", help="URL of an article, or guid of a wire item.")],
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Explain what was decided about an article, and why.

    Prints which sources announced it and when, each decision with its reason, and its present state. URLs and
    quoted reasons of what is withheld or killed are left out unless --include-withheld is given.

    Exit status: 0 on success, 1 if nothing is known of it, 2 if it is neither a URL nor a known guid.
    """

    async def work() -> dict[str, Any]:
        async with open_for_reading(config) as database, database.read() as connection:
            log_disclosure(f"why {url}", include_withheld=include_withheld)
            return await explain(connection, url, include_withheld=include_withheld)

    found = asyncio.run(work())
    if json:
        show_json(found)
    else:
        _print_text(found)
    raise typer.Exit(0 if found["entries"] else 1)


def _print_text(found: dict[str, Any]) -> None:
    if found["normalised"] != found["url"]:
        show(f"normalised: {found['normalised']}")
    if not found["entries"]:
        show("no source has announced it")
    for entry in found["entries"]:
        show(f"entry {entry['entry']} of source {entry['source']}, {entry['source_url']}")
        show(f"  seen: {entry['first_seen_at']}, last {entry['last_seen_at']}, as {entry['guid']}")
        for step in entry["history"]:
            show(f"  {step['at']} {step['stage']}: {step['verdict']}: {step['reason']}")
        if story := entry["story"]:
            show(f"  story {story['story']}, of {story['records']} records: {'; '.join(story['reasons'])}")
        if revisits := _revisits(entry):
            show(f"  page: {revisits}")
        after = f", next attempt {entry['next_attempt_at']}" if entry["next_attempt_at"] else ""
        record = f", record {entry['record']}" if entry["record"] else ""
        show(f"  now: {entry['state']}{after}{record}")
        if wait := entry["site_wait"]:
            show(f"  site {wait['site']}: {_reasons(wait)}")


def _reasons(wait: dict[str, Any]) -> str:
    """Return why a site is left alone."""
    shown = []
    if wait["held_until"]:
        shown.append(f"asked to be left alone until {wait['held_until']}")
    if wait["failing_until"]:
        shown.append(f"keeps failing ({wait['failures']}×), probed at {wait['failing_until']}")
    if wait["network"]:
        shown.append(
            f"shares {wait['requests_a_second']:g} requests a second with all sites at {wait['network']}, "
            "which throttle together"
        )
    return ", ".join(shown)


def _revisits(entry: dict[str, Any]) -> str:
    """Return what the revisits of an entry's page have shown."""
    shown = []
    if entry["gone"]:
        shown.append(f"gone since {entry['gone_since']}, HTTP {entry['gone']}")
    if entry["visits"]:
        shown.append(f"revisited {entry['visits']}×, last {entry['visited_at']}")
    if entry["next_visit_at"]:
        shown.append(f"next revisit {entry['next_visit_at']}")
    return ", ".join(shown)
