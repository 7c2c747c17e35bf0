"""Write `ingestd/dates/cldr.json` from Babel's CLDR data: `python -m tests.dates.cldr`.

The file holds what reading a date needs of 80 languages, in the folded form of `ingestd.dates.names.key`.  Babel itself
would take thirty times as long to load.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from babel import Locale, localedata

from ingestd.dates import names

FILE = Path(names.__file__).with_name("cldr.json")
#: Languages that news is published in, and variants with names of their own.
LANGUAGES = (
    "en en_GB de de_AT fr es it pt pt_PT nl sv da nb nn fi is et lv lt pl cs sk hu ro bg ru uk be sr sr_Latn hr bs "
    "sl mk sq el tr az kk uz ky mn ka hy ar ar_LB ar_MA fa ur ps he hi mr ne bn gu pa ta te kn ml si th lo my km vi "
    "id ms fil sw am zh zh_Hant ja ko ca eu gl cy ga mt af so ha zu"
).split()
#: Names of one Latin letter, such as Hungarian "V", are words of other languages.
_MIN_LATIN = 2


def _keys(found: Iterable[str | None]) -> list[str]:
    folded = {names.key(name) for name in found if name}
    return sorted(name for name in folded if len(name) >= _MIN_LATIN or not name.isascii())


def _names(locale: Locale, field: str, numbers: Iterable[int]) -> list[str]:
    widths = [getattr(locale, field)[context][width] for context in ("format", "stand-alone")
              for width in ("wide", "abbreviated")]  # fmt: skip
    # A name with a figure, such as "6月" or "thg 6", is read as a figure.
    return [" ".join(_keys(width.get(n) for width in widths if not any(c.isdigit() for c in width.get(n, ""))))
            for n in numbers]  # fmt: skip


def _halves(locale: Locale) -> tuple[set[str], set[str]]:
    """Return the words for a.m. and p.m., without those that mean both."""
    am, pm = (
        {
            name
            for context in locale.day_periods.values()
            for width, values in context.items()
            if width != "narrow" or not values.get(half, "").isascii()
            for name in _keys([values.get(half)])
        }
        for half in ("am", "pm")
    )
    return am - pm, pm - am


def _locale(name: str) -> Locale:
    # Babel's copies of a parent's data are shallow: names of Azerbaijani turn up in Thai unless it loads them anew.
    localedata._cache.clear()
    return Locale.parse(name)


def _orders() -> dict[str, list[str]]:
    """Return the tags whose dates in figures begin with the month or the year; the day is first elsewhere."""
    found: dict[str, list[str]] = {"mdy": [], "ymd": []}
    bases = {language.partition("_")[0] for language in LANGUAGES}
    for name in sorted(localedata.locale_identifiers()):
        locale = Locale.parse(name)
        if locale.language not in bases or locale.script or locale.variant or len(locale.territory or "XX") != 2:
            continue
        order = "".join(dict.fromkeys(c.lower() for c in locale.date_formats["short"].pattern if c in "dMy"))
        if order in found:
            found[order].append("-".join(filter(None, (locale.language, (locale.territory or "").lower()))))
    return found


def table() -> dict[str, Any]:
    """Return the contents of the file: for each language the names of each month, of each weekday, for a.m. and p.m."""
    names_of: dict[str, dict[str, list[str]]] = {"months": {}, "weekdays": {}, "halves": {}}
    for language in LANGUAGES:
        locale = _locale(language)
        own = {
            "months": _names(locale, "months", range(1, 13)),
            "weekdays": [" ".join(_names(locale, "days", range(7)))],
            "halves": [" ".join(sorted(names)) for names in _halves(locale)],
        }
        for field, found in own.items():
            before = names_of[field].get(locale.language, [""] * len(found))
            names_of[field][locale.language] = [
                " ".join(sorted({*one.split(), *two.split()})) for one, two in zip(before, found, strict=True)
            ]
    return {**names_of, "orders": _orders()}


def text(contents: dict[str, Any]) -> str:
    """Return the file's text: one line a language."""
    parts = (
        f"{json.dumps(name)}: {{\n"
        + ",\n".join(f"{json.dumps(one)}: {json.dumps(value, ensure_ascii=False)}" for one, value in values.items())
        + "\n}"
        for name, values in contents.items()
    )
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    FILE.write_text(text(table()), encoding="utf-8")
