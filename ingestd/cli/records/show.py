"""`ingestd records show`."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

import typer
from sqlalchemy import Row

from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show, show_diff, show_json, show_table
from ingestd.cli.records.options import RecordArgument
from ingestd.cli.since import parse_since
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.errors import UnreadableContent
from ingestd.pipeline.revision_json import difference_as_json, revision_as_json
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.renderers.record_json import record_as_json
from ingestd.store.records import records
from ingestd.times import end_of_second, iso


def show_(
    record: RecordArgument,
    revisions: Annotated[bool, typer.Option("--revisions", help="Show all revisions, oldest first.")] = False,
    differences: Annotated[bool, typer.Option("--diff", help="Show what each revision changed.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Show the record as it was at TIME: ISO 8601, or how long ago, as in 2d."),
    ] = None,
    private: Annotated[bool, typer.Option("--private", help="Include editorial notes marked private.")] = False,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show a record, its revisions, or their differences.

    Of a record or revision that is withheld or killed only identifiers, times and status are shown, unless
    --include-withheld is given.

    Exit status: 0 on success, 2 if there is no such record or, with --as-of, was none at that time.
    """
    when = parse_since(as_of)
    when = when and end_of_second(when)

    def hidden(*rows: Row[Any]) -> bool:
        return not include_withheld and not all(may_be_shown(row.record_status, row.pubstatus) for row in rows)

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.read() as connection:
            log_disclosure(f"records show {record}", include_withheld=include_withheld)
            found = await records.find(connection, record, as_of=when, include_withheld=include_withheld)
            if not revisions and not differences:
                return [record_as_json(found, private=private)]
            rows = await records.revisions_of(connection, found.id, until=when)
        if differences:
            shown = [_or_note(difference_as_json, *pair, hidden=hidden(*pair)) for pair in pairwise(rows)]
        else:
            shown = [_or_note(revision_as_json, row, private=private, hidden=hidden(row)) for row in rows]
        return [values for values in shown if values]

    found = asyncio.run(work())
    if json:
        show_json(found if revisions or differences else found[0])
        return
    for values in found:
        if differences:
            show(f"revision {values['revision']}, {values['change']}, {iso(values['seen_at'])}")
            show_diff(values["diff"])
        else:
            _print_record(values)


def _or_note(values: Callable[..., dict[str, Any]], *rows: Row[Any], **how: bool) -> dict[str, Any] | None:
    """Return the values of a revision; if it cannot be read, None, and a line on stderr says so."""
    try:
        return values(*rows, **how)
    except UnreadableContent as error:
        note(str(error))
        return None


def _print_record(values: dict[str, Any]) -> None:
    """Print the fields of a record, its carriers and its text."""
    printed_apart = ("body_text", "body_html", "carriers", "associations", "agencies", "provenance", "evidence")
    fields = [(key, _line(value)) for key, value in values.items() if key not in printed_apart and _has_content(value)]
    images = [("image", " — ".join(_picture_fields(picture))) for picture in values["associations"]]
    agencies = [("agency", f"{a['code']}, {a['role']}: {_evidence(a['evidence'])}") for a in values["agencies"]]
    carriers = [("carrier", f"{c['url'] or c['source_url']}  {iso(c['seen_at'])}") for c in values.get("carriers", ())]
    evidence = [("evidence", f"{e['kind']}, {iso(e['at'])}: {e['words']}") for e in values.get("evidence", ())]
    show_table(("field", "value"), [*fields, *images, *agencies, *carriers, *evidence])
    for paragraph in (values["body_text"] or "").split("\n\n"):
        show("")
        show(paragraph)


def _evidence(evidence: Sequence[Sequence[str]]) -> str:
    return "; ".join(f'{place} "{words}"' for place, words in evidence)


def _picture_fields(values: dict[str, Any]) -> Iterator[str]:
    """Yield the URLs, caption and credit of a picture, from a page or from a wire item."""
    hrefs = [values.get("href"), *(rendition["href"] for rendition in values.get("renditions", ()))]
    names = ("headline", "caption", "creditline", "credit")
    found = dict.fromkeys([*hrefs[:2], *(values.get(name) for name in names)])
    return (one for one in found if one)


def _line(value: object) -> object:
    """Return a value on one line: the elements of a list, or the fields of an object, its name or text first."""
    if isinstance(value, tuple | list):
        return ", ".join(str(_line(one)) for one in value)
    if isinstance(value, dict):
        first = next((value[name] for name in ("name", "text", "value") if value.get(name)), None)
        rest = [str(one) for one in value.values() if _has_content(one) and one is not True and one != first]
        return " ".join([str(first), f"({', '.join(rest)})"] if first and rest else [str(first or ", ".join(rest))])
    return value


def _has_content(value: object) -> bool:
    """Return whether a value is worth a row of a table: any number, true, or anything not empty."""
    if isinstance(value, str | list | tuple | Mapping):
        return bool(value)
    return value is not None and value is not False
