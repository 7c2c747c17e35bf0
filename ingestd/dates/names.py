"""Names of months and weekdays, and words for a.m. and p.m., in the languages of CLDR (`cldr.json`)."""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Literal

#: Order of a date in figures: day, month, year; month, day, year; or year, month, day.
Order = Literal["dmy", "mdy", "ymd"]

# Accents, Arabic marks such as the hamza, which many leave out, and characters without a width.
_MARKS = re.compile("[\u0300-\u036f\u064b-\u0655\u0670\u200c-\u200f]")
_BETWEEN = re.compile(r"[\s.'’`´׳״॰/-]+")
_LETTERS = str.maketrans({"ı": "i", "ي": "ی", "ك": "ک", "ى": "ی"})
#: Scripts that write words without spaces between them.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")

#: Abbreviations that newspapers print and CLDR lacks, by number of the month.
_MORE_MONTHS = {
    "fév": 2, "febr": 2, "maerz": 3, "mär": 3, "mrz": 3, "mrt": 3, "sept": 9, "okt": 10, "aoû": 8, "aou": 8,
}  # fmt: skip
_MORE_WEEKDAYS = "tues thur thurs wednes weds sonnabend"
#: Times of the day that languages print for a.m. and p.m.
_MORE_HALVES = {
    "a": "am", "p": "pm", "凌晨": "am", "早上": "am", "清晨": "am", "清早": "am", "中午": "pm", "傍晚": "pm",
    "晚上": "pm", "晚間": "pm", "晚间": "pm", "새벽": "am", "아침": "am", "저녁": "pm", "утра": "am", "вечера": "pm",
    "पूर्वाह्न": "am", "अपराह्न": "pm",
}  # fmt: skip
#: Countries and languages whose papers print dates in figures in more than one order.
_MIXED = frozenset(("en", "en-ca", "zh", "ja", "ko", "mn", "hu", "fa", "ne", "si"))


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Return the form in which names are compared: case-folded, without accents, spaces, dots, hyphens, apostrophes."""
    return unaccented(_BETWEEN.sub("", name.casefold()))


def unaccented(text: str) -> str:
    """Return a text without accents, and with one form of letters that are written in several."""
    if text.isascii():
        return text
    marked = unicodedata.normalize("NFKD", text).translate(_LETTERS)
    return unicodedata.normalize("NFC", _MARKS.sub("", marked))


@lru_cache(maxsize=1)
def _cldr() -> Mapping[str, Mapping[str, list[str]]]:
    found: Mapping[str, Mapping[str, list[str]]] = json.loads(
        Path(__file__).with_name("cldr.json").read_text(encoding="utf-8")
    )
    return found


@lru_cache(maxsize=64)
def months_of(language: str) -> Mapping[str, int]:
    """Return the names of months in a language of CLDR, such as "de", by `key`: number of the month, 1 to 12."""
    return {
        name: number for number, names in enumerate(_cldr()["months"].get(language, ()), 1) for name in names.split()
    }


@lru_cache(maxsize=1)
def _months() -> Mapping[str, int]:
    """Return the names on which all languages agree.

    Not among them is Croatian "listopad", another month in Czech, nor Hausa "Sat", a weekday in English.
    """
    found: dict[str, int] = {key(name): number for name, number in _MORE_MONTHS.items()}
    # "dag" abbreviates Catalan "of August" and is a word of Germanic languages.
    disputed = {"dag", *" ".join(_cldr()["weekdays"].get("en", ())).split()}
    for language in _cldr()["months"]:
        for name, number in months_of(language).items():
            if found.setdefault(name, number) != number:
                disputed.add(name)
    return {name: number for name, number in found.items() if name not in disputed}


@lru_cache(maxsize=1)
def _weekdays() -> frozenset[str]:
    cldr = _cldr()["weekdays"].values()
    return frozenset((*_MORE_WEEKDAYS.split(), *(name for names in cldr for each in names for name in each.split())))


@lru_cache(maxsize=64)
def _halves(language: str | None) -> Mapping[str, str]:
    """Return the words for a.m. and p.m.

    Those in Latin letters are known only to their own language, because "in" and "de" are words of others.
    """
    found = {"am": "am", "pm": "pm"} | {key(name): half for name, half in _MORE_HALVES.items()}
    for one, halves in _cldr()["halves"].items():
        for half, names in zip(("am", "pm"), halves, strict=True):
            found |= {name: half for name in names.split() if one == language or not name.isascii()}
    return found


def base_of(language: str | None) -> str | None:
    """Return the first part of a BCP 47 tag in lower case."""
    return language.replace("_", "-").lower().partition("-")[0] if language else None


def month_number(name: str, language: str | None = None) -> int | None:
    """Return the number of a month, 1 to 12, by its name or abbreviation.

    A name that means different months in different languages is known only with `language` (BCP 47).
    """
    folded = key(name)
    number = _months().get(folded)
    if number is None and language:
        number = months_of(base_of(language) or "").get(folded)
    if number is None and folded.startswith("ב"):  # Hebrew "in", written as part of the word
        number = _months().get(folded[1:])
    return number


def is_weekday(name: str) -> bool:
    """Return whether a word is the name of a weekday, or its abbreviation, in any language."""
    return key(name) in _weekdays()


def half_of_day(name: str, language: str | None = None) -> str | None:
    """Return "am" or "pm" for a word that means it."""
    return _halves(base_of(language)).get(key(name))


def prefixes(name: str) -> Iterable[str]:
    """Yield a name, and its beginnings in scripts without spaces, where the next word may follow directly."""
    yield name
    if _UNSPACED.search(name):
        for length in range(len(name) - 1, 0, -1):
            yield name[:length]


def order_of(language: str | None) -> Order | None:
    """Return the order in which a language or country writes dates in figures; None where it is not certain.

    `language` is a BCP 47 tag.  "en" alone is not certain, and neither is "en-CA".
    """
    if not language:
        return None
    parts = language.replace("_", "-").lower().split("-")
    base, region = parts[0], next((part for part in parts[1:] if len(part) == 2 and part.isalpha()), "")
    if not (base.isascii() and base.isalpha() and 2 <= len(base) <= 3):
        return None
    orders = _cldr()["orders"]
    # The order of a language is that of its largest country, but not for English.
    for tag in (f"{base}-{region}", base if base != "en" or not region else ""):
        if tag in _MIXED:
            return "ymd" if tag in orders["ymd"] and base not in ("en", "fa") else None
        if tag in orders["mdy"]:
            return "mdy"
    return "dmy"
