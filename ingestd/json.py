"""JSON output that is safe to parse and to print on a terminal."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
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
    # Nearly all output is printable, and this check takes a fifth of the time of the search.
    if text.isprintable():
        return text
    return UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def as_dict(value: Any, names: Iterable[str] = ()) -> dict[str, Any]:
    """Return a dataclass as a dict, with those in its tuples and mappings, as `dataclasses.asdict` does.

    Other values are not copied, which takes `asdict` most of its time.  With `names`, it has these fields alone, in
    this order.
    """
    found = {}
    for name in names or _names(value.__class__):
        one = getattr(value, name)
        found[name] = one if type(one) in _ATOMS else _without_dataclasses(one)
    return found


def _without_dataclasses(value: Any) -> Any:
    kind = type(value)
    if kind in _ATOMS or value == ():
        return value
    if kind is tuple or kind is list:
        return kind([_without_dataclasses(one) for one in value])
    if isinstance(value, Mapping):
        return {key: _without_dataclasses(one) for key, one in value.items()}
    return as_dict(value) if is_dataclass(kind) else value


#: Types of most values, in which there is no dataclass.
_ATOMS = frozenset((str, int, float, bool, type(None), datetime))


@cache
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Path):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return as_dict(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"cannot write {type(value).__name__} as JSON")
