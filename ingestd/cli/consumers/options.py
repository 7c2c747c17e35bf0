"""Options and arguments that several commands about consumers have."""

import json
import re
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from ingestd.errors import UsageError

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of a consumer.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="A setting of its kind, as in url=https://example.org/hook; repeatable."
    ),
]
FilterOption = Annotated[
    str | None, typer.Option("--filter", metavar="FILTER", help="Only events that match. Default: all.")
]
FormOption = Annotated[
    str | None, typer.Option("--form", metavar="FORM", help="How messages are written: thin, full, ninjs, cloudevents.")
]
RangeArgument = Annotated[str, typer.Argument(metavar="SEQ|FIRST-LAST", help="Number of an event, or a range.")]

_RANGE = re.compile(r"(\d{1,18})(?:-(\d{1,18}))?")


def parse_settings(pairs: Iterable[str] | None) -> dict[str, Any]:
    """Return settings that are given as KEY=VALUE; lists and objects may be JSON.  Raises UsageError."""
    found: dict[str, Any] = {}
    for pair in pairs or ():
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            # The text is not quoted: it may be a secret.
            raise UsageError("a setting is given as --set KEY=VALUE")
        found[key.strip()] = _json(value) if value.startswith(("[", "{")) else value
    return found


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def parse_range(text: str) -> tuple[int, int]:
    """Return the first and the last number of a range as in 7 or 7-12; raises UsageError."""
    match = _RANGE.fullmatch(text.strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
    if last < first:
        raise UsageError(f"{text!r} is no range of events: write 7 or 7-12")
    return first, last
