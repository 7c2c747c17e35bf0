"""Write `ingestd/dates/relative.json` from Babel's CLDR data: `python -m tests.dates.relative`.

The file holds how 80 languages say how long ago something was: the keys (`ingestd.dates.names.key`) of what stands
before and behind the number, with "|" between them, or of the whole phrase where it has no number.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingestd.dates import names
from tests.dates.cldr import LANGUAGES, _locale

FILE = Path(names.__file__).with_name("relative.json")
_UNITS = ("second", "minute", "hour", "day", "week", "month", "year")


def _patterns(fields: Any, direction: str) -> Iterator[str]:
    for unit in _UNITS:
        for width in ("", "-short", "-narrow"):
            found = dict((fields.get(f"{unit}{width}") or {}).get(direction) or {}).values()
            # "-5 h" of narrow forms is a duration to readers.
            yield from (pattern for pattern in found if pattern.strip("\u200e\u200f ")[:1] not in ("-", "−", "–", "+"))


def _key(pattern: str) -> str:
    return "|".join(map(names.key, pattern.split("{0}")))


def table() -> dict[str, list[str]]:
    """Return the contents of the file, by language; patterns that may mean the future as well are left out."""
    found: dict[str, set[str]] = {}
    for language in LANGUAGES:
        locale = _locale(language)
        fields = locale._data["date_fields"]
        past, future = ({_key(one) for one in _patterns(fields, direction)} for direction in ("past", "future"))
        found.setdefault(locale.language, set()).update(one for one in past - future if one.count("|") < 2)
    return {language: sorted(keys) for language, keys in found.items()}


def text(contents: dict[str, list[str]]) -> str:
    """Return the file's text: one line a language."""
    lines = (f"{json.dumps(name)}: {json.dumps(keys, ensure_ascii=False)}" for name, keys in contents.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(table()), encoding="utf-8")
