"""`ingestd backfill sitemap`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ingestd.cli.backfill.options import DocumentsOption
from ingestd.cli.backfill.run import NewBackfill, start
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.errors import UsageError
from ingestd.times import is_date_only, iso, parse_iso
from ingestd.urls import normalise


def sitemap(
    url: Annotated[
        str, typer.Argument(metavar="URL", help="Sitemap, news sitemap, or sitemap index; plain or gzipped.")
    ],
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only pages of this day or time or later (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Only pages up to this day, or before this time (UTC).")
    ] = None,
    undated: Annotated[bool, typer.Option("--undated", help="Also pages for which the sitemap gives no time.")] = False,
    documents: DocumentsOption = 10_000,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Import the pages listed in a sitemap.

    The time of a page is its publication date in a news sitemap, and its last modification otherwise.

    Exit status: 0 if every page became a record, 1 if the list or an entry failed, 130 if interrupted.
    """
    try:
        normalise(url)
    except ValueError as error:
        raise UsageError(str(error)) from error
    span = {"since": _parse_time("--since", since), "until": _parse_time("--until", until, end_of_day=True)}
    options = {**{key: iso(value) for key, value in span.items() if value}, **({"undated": True} if undated else {})}
    start(NewBackfill(kind="sitemap", argument=url, options=options), documents, config, json=json)


def _parse_time(option: str, text: str | None, *, end_of_day: bool = False) -> datetime | None:
    if text is None:
        return None
    when = parse_iso(text)
    if when is None:
        raise UsageError(f"{option}: {text!r} is not a day or time; write 2024-01-31 or 2024-01-31T18:00Z")
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return when + timedelta(days=1) if end_of_day and is_date_only(text) else when
