"""`ingestd records`: what was kept."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import Row

from ingestd.cli.opening import database_of, finish
from ingestd.cli.options import ConfigOption, JsonLinesOption, JsonOption
from ingestd.cli.output import opened, progress, show, show_diff, show_json, show_table
from ingestd.errors import UsageError
from ingestd.model import Record
from ingestd.policy.changes import diff
from ingestd.store import records, sources
from ingestd.times import iso, parse_iso, utc
from ingestd.to_json import to_json
from ingestd.units import parse_duration
from ingestd.urls import without_userinfo

app = typer.Typer(help="List, show, search and export what was kept.", no_args_is_help=True)

LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
SourceOption = Annotated[str | None, typer.Option("--source", help="Only what this source carries.")]
SinceOption = Annotated[str | None, typer.Option("--since", help="A time (ISO 8601), or how long ago, as in 2d.")]


def as_json(record: Record) -> dict[str, Any]:
    """Return a record as it is printed and exported: the article's fields beside the record's own."""
    values = asdict(record)
    article = values.pop("article")
    for carrier in values["carriers"]:
        carrier["source_url"] = without_userinfo(carrier["source_url"])
    return {**values, **article}


def moment(text: str | None) -> datetime | None:
    """Read `--since`; raises UsageError."""
    if text is None:
        return None
    if when := parse_iso(text):
        return utc(when)
    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError) as error:  # longer ago than there are years
        raise UsageError(f"{text!r} is no time: write 2026-01-31, 2026-01-31T12:00Z or 2d") from error


def _print(found: list[Record], *, json: bool) -> None:
    if json:
        show_json([as_json(record) for record in found])
        return
    rows = [
        (
            r.id,
            iso(r.article.versioncreated or r.seen_at),
            r.revision,
            len(r.carriers),
            r.article.headline,
            r.article.uri,
        )
        for r in found
    ]
    show_table(("id", "time", "revision", "carriers", "headline", "uri"), rows)


@app.command("list")
def list_(
    limit: LimitOption = 50,
    source: SourceOption = None,
    since: SinceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the records saved or revised last, newest first.

    Exit status: 0, or 2 when there is no such source.
    """
    after = moment(since)

    async def work() -> list[Record]:
        async with database_of(config) as database, database.read() as connection:
            source_id = (await sources.find(connection, source)).id if source else None
            return await records.newest(connection, limit=limit, source_id=source_id, since=after)

    _print(finish(work()), json=json)


@app.command("show")
def show_(
    record: Annotated[str, typer.Argument(help="The number, guid or address of a record.")],
    revisions: Annotated[bool, typer.Option("--revisions", help="All revisions, the first one first.")] = False,
    differences: Annotated[bool, typer.Option("--diff", help="What each revision changed.")] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="As it was known then: a time (ISO 8601), or 2d for so long ago.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show a record, all its revisions, or what each of them changed; with --as-of, what was known at that time.

    Exit status: 0, or 2 when there is no such record, or was none yet.
    """
    when = _until_the_next_second(moment(as_of))

    async def work() -> list[dict[str, Any]]:
        async with database_of(config) as database, database.read() as connection:
            found = await records.find(connection, record, as_of=when)
            if not revisions and not differences:
                return [as_json(found)]
            rows = await records.revisions_of(connection, found.id, until=when)
        return [dict(row._mapping) for row in rows] if not differences else list(map(_difference, rows, rows[1:]))

    found = finish(work())
    if json:
        show_json(found if revisions or differences else found[0])
        return
    for values in found:
        if differences:
            show(f"revision {values['revision']}, {values['change']}, {iso(values['seen_at'])}")
            show_diff(values["diff"])
        else:
            _print_whole(values)


def _until_the_next_second(when: datetime | None) -> datetime | None:
    """Return the last moment that is printed as this one: a time that was copied from a record has to have it."""
    return when.replace(microsecond=999_999) if when and not when.microsecond else when


def _difference(before: Row[Any], after: Row[Any]) -> dict[str, Any]:
    lines = diff(records.article_of(before, None), records.article_of(after, None))
    return {"revision": after.revision, "change": after.change, "seen_at": after.seen_at, "diff": lines}


def _print_whole(values: dict[str, Any]) -> None:
    """Print a record to be read: its fields, who carries it, and its text."""
    apart = ("body_text", "body_html", "carriers", "associations", "agencies", "provenance")
    fields = [
        (key, _line(value)) for key, value in values.items() if key not in apart and value not in (None, "", (), [])
    ]
    images = [
        ("image", " — ".join(filter(None, (i["href"], i["caption"], i["credit"])))) for i in values["associations"]
    ]
    agencies = [("agency", f"{a['code']}, {a['role']}: {_evidence(a['evidence'])}") for a in values["agencies"]]
    carriers = [("carrier", f"{c['url'] or c['source_url']}  {iso(c['seen_at'])}") for c in values.get("carriers", ())]
    show_table(("field", "value"), [*fields, *images, *agencies, *carriers])
    for paragraph in values["body_text"].split("\n\n"):
        show("")
        show(paragraph)


def _evidence(evidence: Sequence[Sequence[str]]) -> str:
    return "; ".join(f'{place} "{words}"' for place, words in evidence)


def _line(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else value


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help='Words that must all be there; "a phrase" stays together.')],
    limit: LimitOption = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Search headlines and bodies, best match first.

    Exit status: 0, found or not.
    """

    async def work() -> list[Record]:
        async with database_of(config) as database, database.read() as connection:
            return await records.search(connection, " ".join(words), limit=limit)

    _print(finish(work()), json=json)


@app.command()
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; default: standard output.")] = None,
    source: SourceOption = None,
    since: SinceOption = None,
    config: ConfigOption = None,
    json: JsonLinesOption = False,
) -> None:
    """Export records as JSON Lines, in the order they were made.

    Exit status: 0, or 2 when there is no such source or the file cannot be written.
    """
    del json
    after = moment(since)

    async def work() -> None:
        with ExitStack() as stack:
            file = stack.enter_context(opened(output)) if output else sys.stdout
            bar = stack.enter_context(progress())
            task = bar.add_task("records", total=None)
            async with database_of(config) as database, database.read() as connection:
                source_id = (await sources.find(connection, source)).id if source else None
                async for record in records.export(connection, since=after, source_id=source_id):
                    file.write(to_json(as_json(record)) + "\n")
                    bar.advance(task)

    finish(work())
