"""`ingestd records export`."""

import asyncio
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from ingestd import filters
from ingestd.cli.database import open_for_reading
from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonLinesOption
from ingestd.cli.output import open_output
from ingestd.cli.records.options import SourceOption, StatusOption, parse_status
from ingestd.cli.since import SinceOption, parse_since
from ingestd.cli.terminal import progress_bar
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.errors import UsageError
from ingestd.json import to_json
from ingestd.model.record import Record
from ingestd.renderers import RENDERERS
from ingestd.renderers.record_forms import RECORD_FORMS
from ingestd.renderers.record_items import item_of_record
from ingestd.store.database import Database
from ingestd.store.polls import sources
from ingestd.store.records.export import export as export_records

_RENDERERS = {renderer.name: renderer for renderer in RENDERERS}


def export(  # noqa: PLR0917 - each is an option
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to FILE. Default: standard output.")
    ] = None,
    source: SourceOption = None,
    filter_: Annotated[
        str, typer.Option("--filter", metavar="FILTER", help="Only records that match a filter, as in 'language:en'.")
    ] = "",
    since: SinceOption = None,
    status: StatusOption = None,
    include_withheld: IncludeWithheldOption = False,
    format_: Annotated[
        str,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help=f"Format of a line: jsonl (all fields of a record), {', '.join(_RENDERERS)}.",
        ),
    ] = "jsonl",
    form: Annotated[
        str | None,
        typer.Option(
            "--form",
            metavar="FORM",
            help=f"How records are written in JSON: {', '.join(RECORD_FORMS)}. Default: full.",
        ),
    ] = None,
    config: ConfigOption = None,
    json: JsonLinesOption = False,
) -> None:
    """Export records as JSON Lines, oldest first.

    --form writes records as /v1/records does: thin has what a list shows, full all fields, ninjs the IPTC item.

    Killed and withheld records are left out unless --include-withheld or --status asks for them. With --format ninjs
    each line is an IPTC ninjs 3.1 item, with nitf or newsml-g2 a whole XML document of that format. Editorial notes
    marked private are never exported.

    Pass the time of the last export with --since to continue it. The export begins a quarter of an hour earlier,
    because what waited for the database is committed late, and so repeats some records.

    docs/filters.md explains filters; one about the kind of events is refused, since an export has none.

    Exit status: 0 on success, 2 if the filter cannot be read, there is no such source, or the file cannot be written.
    """
    matching = filters.parse_for_records(filter_)
    after, wanted, render = (
        parse_since(since),
        parse_status(status, include_withheld=include_withheld),
        _renderer(format_, form),
    )

    async def work() -> None:
        with ExitStack() as stack:
            file = stack.enter_context(open_output(output)) if output else sys.stdout
            bar = stack.enter_context(progress_bar())
            task, written = bar.add_task("records", total=None), False
            async with open_for_reading(config) as database:
                log_disclosure("records export", include_withheld=wanted != "usable")
                source_id = await _source_id(database, source) if source else None
                async for record in export_records(
                    database, since=after, source_id=source_id, status=wanted, matching=matching
                ):
                    file.write(render(record) + "\n")
                    bar.advance(task)
                    written = True
                if not (written or json):
                    async with database.read() as connection:
                        await note_nothing(connection, "no records to export")

    asyncio.run(work())


async def _source_id(database: Database, name: str) -> int:
    async with database.read() as connection:
        return int((await sources.find(connection, name)).id)


def _renderer(name: str, form: str | None) -> Callable[[Record], str]:
    """Return the function that writes a record as one line; raises UsageError."""
    if form is not None and name != "jsonl":
        raise UsageError("give --form or --format, not both")
    if form == "cloudevents":
        raise UsageError("an export has records and no events, and a CloudEvent is about one; choose another form")
    if form is not None and form not in RECORD_FORMS:
        raise UsageError(f"unknown form {form!r}; choose from {', '.join(RECORD_FORMS)}")
    if name == "jsonl":
        as_json = RECORD_FORMS[form or "full"]
        return lambda record: to_json(as_json(record))
    if name not in _RENDERERS:
        raise UsageError(f"unknown format {name!r}; choose from jsonl, {', '.join(_RENDERERS)}")
    return lambda record: _RENDERERS[name].render(item_of_record(record)).decode()
