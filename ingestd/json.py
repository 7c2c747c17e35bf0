"""JSON output that is safe to parse and to print on a terminal."""

import json
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ingestd.text import UNSAFE
from ingestd.times import iso


def to_json(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON: times in ISO 8601 and UTC, dataclasses as objects, sets as sorted arrays.

    Characters that control a terminal are written as JSON escapes, which a parser turns back into the original text.
    Raises TypeError for a value of an unsupported type.
    """
    text = json.dumps(value, default=_plain, ensure_ascii=False, indent=indent)
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
