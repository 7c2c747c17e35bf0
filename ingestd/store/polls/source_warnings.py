"""The warnings of a source's documents as a JSON value of its row."""

from collections.abc import Sequence
from typing import Any

from ingestd.model.source import SeenWarning
from ingestd.times import parse_iso


def warnings_as_json(warnings: Sequence[SeenWarning]) -> list[dict[str, str]] | None:
    """Return warnings as a JSON value, None if there are none."""
    return [{"text": one.text, "since": one.since.isoformat(), "at": one.at.isoformat()} for one in warnings] or None


def warnings_from_json(value: Any) -> tuple[SeenWarning, ...]:
    """Return warnings from their JSON value, without those that this program cannot read."""
    found = []
    for one in value if isinstance(value, list) else ():
        if isinstance(one, dict) and isinstance(one.get("text"), str):
            since, at = (parse_iso(str(one.get(name))) for name in ("since", "at"))
            if since and at:
                found.append(SeenWarning(text=one["text"], since=since, at=at))
    return tuple(found)
