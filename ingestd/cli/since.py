"""The option `--since`: a time, or how long ago."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from ingestd.errors import UsageError
from ingestd.times import parse_iso, utc
from ingestd.units import parse_duration

SinceOption = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="Only records saved or revised since TIME: ISO 8601, or how long ago, as in 2d."),
]


def parse_since(text: str | None) -> datetime | None:
    """Return the time that `--since` names, as in 2026-01-31, 2026-01-31T12:00Z or 2d; raises UsageError."""
    if text is None:
        return None
    if when := parse_iso(text):
        return utc(when)
    try:
        return datetime.now(UTC) - timedelta(seconds=parse_duration(text))
    except (ValueError, OverflowError) as error:  # before the year 1
        raise UsageError(f"{text!r} is not a time: write 2026-01-31, 2026-01-31T12:00Z or 2d") from error
