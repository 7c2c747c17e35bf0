"""`ingestd records`: what was kept."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, cast, get_args

import typer
from sqlalchemy import Row

from ingestd.cli.options import ConfigOption, JsonLinesOption, JsonOption
from ingestd.cli.output import opened, progress, show, show_diff, show_json, show_table
from ingestd.cli.record_json import is_said, record_as_json, revision_as_json
from ingestd.cli.setup import database_of, finish
from ingestd.errors import UsageError
from ingestd.json import to_json
from ingestd.model.item import PubStatus
from ingestd.model.item_json import item_from_json
from ingestd.model.record import Record
from ingestd.policy.articles.changes import diff
from ingestd.renderers import RENDERERS
from ingestd.renderers.record_items import item_of_record
from ingestd.store.polls import sources
from ingestd.store.records import records
from ingestd.store.records.records import Status
from ingestd.times import iso, parse_iso, utc
from ingestd.units import parse_duration

app = typer.Typer(help="List, show, search and export what was kept.", no_args_is_help=True)

LimitOption = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
SourceOption = Annotated[str | None, typer.Option("--source", help="Only what this source carries.")]
_STATUSES = (*get_args(PubStatus), "all")
StatusOption = Annotated[str, typer.Option("--status", help=f"Which: {', '.join(_STATUSES)}.")]
_RENDERERS = {renderer.name: renderer for renderer in RENDERERS}
SinceOption = Annotated[str | None, typer.Option("--since", help="A time (ISO 8601), or how long ago, as in 2d.")]


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


def _status(name: str) -> Status:
    if name not in _STATUSES:
        raise UsageError(f"no status {name!r}: there are {', '.join(_STATUSES)}")
    return cast("Status", name)


def _renderer(name: str) -> Callable[[Record], str]:
    """Return what writes a record on one line; raises UsageError."""
    if name == "jsonl":
        return lambda record: to_json(record_as_json(record))
    if name not in _RENDERERS:
        raise UsageError(f"no format {name!r}: there are jsonl, {', '.join(_RENDERERS)}")
    return lambda record: _RENDERERS[name].render(item_of_record(record)).decode()


def _print(found: list[Record], *, json: bool) -> None:
    if json:
        show_json([record_as_json(record) for record in found])
        return
    rows = [
        (
            r.id,
            iso(r.article.versioncreated or r.seen_at),
            r.pubstatus,
            r.revision,
            len(r.carriers),
            r.article.headline,
            r.article.uri or r.guid,
        )
        for r in found
    ]
    show_table(("id", "time", "status", "revision", "carriers", "headline", "uri"), rows)


@app.command("list")
def list_(
    limit: LimitOption = 50,
    source: SourceOption = None,
    since: SinceOption = None,
    status: StatusOption = "usable",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List the records saved or revised last, newest first; those that were killed or are withheld are left out.

    Exit status: 0, or 2 when there is no such source.
    """
    after, wanted = moment(since), _status(status)

    async def work() -> list[Record]:
        async with database_of(config) as database, database.read() as connection:
            source_id = (await sources.find(connection, source)).id if source else None
            return await records.newest(connection, limit=limit, source_id=source_id, since=after, status=wanted)

    _print(finish(work()), json=json)


@app.command("show")
def show_(
    record: Annotated[str, typer.Argument(help="The number, guid or address of a record.")],
    revisions: Annotated[bool, typer.Option("--revisions", help="All revisions, the first one first.")] = False,
    differences: Annotated[bool, typer.Option("--diff", help="What each revision changed.")] = False,
    as_of: Annotated[
        str | None, typer.Option(metavar="TIME", help="As it was known then: a time (ISO 8601), or 2d for so long ago.")
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Also notes that an agency sent for the desk alone.")
    ] = False,
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
                return [record_as_json(found, private=private)]
            rows = await records.revisions_of(connection, found.id, until=when)
        if differences:
            return list(map(_difference, rows, rows[1:]))
        return [revision_as_json(row, private=private) for row in rows]

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
    items = [item_from_json(row.item) if row.item else None for row in (before, after)]
    lines = diff(records.article_of(before, None), records.article_of(after, None), *items)
    return {"revision": after.revision, "change": after.change, "seen_at": after.seen_at, "diff": lines}


def _print_whole(values: dict[str, Any]) -> None:
    """Print a record to be read: its fields, who carries it, and its text."""
    apart = ("body_text", "body_html", "carriers", "associations", "agencies", "provenance", "evidence")
    fields = [(key, _line(value)) for key, value in values.items() if key not in apart and is_said(value)]
    images = [("image", " — ".join(_of_picture(picture))) for picture in values["associations"]]
    agencies = [("agency", f"{a['code']}, {a['role']}: {_evidence(a['evidence'])}") for a in values["agencies"]]
    carriers = [("carrier", f"{c['url'] or c['source_url']}  {iso(c['seen_at'])}") for c in values.get("carriers", ())]
    seen = [("evidence", f"{e['kind']}, {iso(e['at'])}: {e['words']}") for e in values.get("evidence", ())]
    show_table(("field", "value"), [*fields, *images, *agencies, *carriers, *seen])
    for paragraph in (values["body_text"] or "").split("\n\n"):
        show("")
        show(paragraph)


def _evidence(evidence: Sequence[Sequence[str]]) -> str:
    return "; ".join(f'{place} "{words}"' for place, words in evidence)


def _of_picture(values: dict[str, Any]) -> Iterator[str]:
    """Yield what a picture is: of a page's revision its own columns, of an item its association."""
    hrefs = [values.get("href"), *(rendition["href"] for rendition in values.get("renditions", ()))]
    names = ("headline", "caption", "creditline", "credit")
    found = dict.fromkeys([*hrefs[:2], *(values.get(name) for name in names)])
    return (one for one in found if one)


def _line(value: object) -> object:
    """Return a value on one line: parts of a list apart, and of an object what is said, its name or text first."""
    if isinstance(value, tuple | list):
        return ", ".join(str(_line(one)) for one in value)
    if isinstance(value, dict):
        first = next((value[name] for name in ("name", "text", "value") if value.get(name)), None)
        rest = [str(one) for one in value.values() if is_said(one) and one is not True and one != first]
        return " ".join([str(first), f"({', '.join(rest)})"] if first and rest else [str(first or ", ".join(rest))])
    return value


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help='Words that must all be there; "a phrase" stays together.')],
    limit: LimitOption = 50,
    status: StatusOption = "usable",
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Search headlines and bodies, best match first; what was killed or is withheld is left out.

    Exit status: 0, found or not.
    """
    wanted = _status(status)

    async def work() -> list[Record]:
        async with database_of(config) as database, database.read() as connection:
            return await records.search(connection, " ".join(words), limit=limit, status=wanted)

    _print(finish(work()), json=json)


@app.command()
def export(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; default: standard output.")] = None,
    source: SourceOption = None,
    since: SinceOption = None,
    status: StatusOption = "usable",
    format_: Annotated[
        str, typer.Option("--format", help=f"What a line is: jsonl (ours), {', '.join(_RENDERERS)}.")
    ] = "jsonl",
    config: ConfigOption = None,
    json: JsonLinesOption = False,
) -> None:
    """Export records as JSON Lines, in the order they were made; what was killed or is withheld is left out.

    With `--format ninjs` a line is an item in IPTC ninjs 3.1.  Notes for the desk alone are never exported.

    Exit status: 0, or 2 when there is no such source or the file cannot be written.
    """
    del json
    after, wanted, render = moment(since), _status(status), _renderer(format_)

    async def work() -> None:
        with ExitStack() as stack:
            file = stack.enter_context(opened(output)) if output else sys.stdout
            bar = stack.enter_context(progress())
            task = bar.add_task("records", total=None)
            async with database_of(config) as database, database.read() as connection:
                source_id = (await sources.find(connection, source)).id if source else None
                async for record in records.export(connection, since=after, source_id=source_id, status=wanted):
                    file.write(render(record) + "\n")
                    bar.advance(task)

    finish(work())
