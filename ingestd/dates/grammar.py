"""The forms of dates: what the one at a position of a text says, and where it ends."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from ingestd.dates import names

#: A character of a word: no space, digit, or punctuation.  Vowel signs of Indian scripts are not `\w`.
_LETTER = "[^\\s\\d!-/:-@\\[-`{-~\xa0-\xbf×÷‐-⁞、-】〔-〟॥।،؛؟·•＂-／]"
_NAME = re.compile(rf"({_LETTER}+)(?:([.\s'’`\xad״׳-]{{1,2}})({_LETTER}+))?(?:([.\s'’-]{{1,2}})({_LETTER}+))?")
_NUMBERED_MONTH = re.compile(r"(?:tháng|thg\.?)\s?(\d{1,2})(?!\d)|(\d{1,2})\s?(?:月份?|월)", re.IGNORECASE)

_EAST_ASIAN = re.compile(
    r"(?:(?P<era>令和|平成|昭和|民國|民国)\s?)?(?P<year>\d{1,4}|元)\s?(?:年|년)\s?(?P<month>\d{1,2})\s?(?:月|월)\s?(?P<day>\d{1,2})\s?(?:日|号|號|일)"
)
#: Name of an era → the year before its first.
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "民國": 1911, "民国": 1911}
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4})\s?(?P<mark>[-/.])\s?(?P<month>\d{1,2})\s?(?P=mark)\s?(?P<day>\d{1,2})(?!\d)\.?"
)
_NUMBERS = r"(?P<first>\d{1,2})(?:\s?(?P<mark>[-/.])\s?)(?P<second>\d{1,2})\s?(?P=mark)\s?"
_SUFFIX = r"(?:\s?(?:г(?:ода|\.)?|р(?:оку|\.)?|год(?:ине)?|r\.|n\.)(?!\w))?"
_YEAR_LAST = re.compile(rf"{_NUMBERS}(?P<year>\d{{4}}(?!\d)|\d{{2}}(?!:?\d)){_SUFFIX}")
#: In prose, the next element of the page may follow without a space: "19.11.202119.11.2021".
_YEAR_LAST_IN_PROSE = re.compile(rf"{_NUMBERS}(?P<year>(?:19|20|25)\d\d|\d{{2}}(?!:?\d)){_SUFFIX}")
_COMPACT = re.compile(r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)(?=$|[T ]|\d{4}(?!\d)|\d{6}(?!\d))")

_DAY = re.compile(r"(?P<day>\d{1,2})(?!\d)(?:st|nd|rd|th|er|ère|re|[ºª°]|[:\s]?[ae](?=\s)|-?(?:го|е))?")
_BEFORE_MONTH = re.compile(r"[\s./-]{0,2}(?:(?:de|of|di|del|da|den|ngày)\s)?", re.IGNORECASE)
_BEFORE_YEAR = re.compile(
    r"\.?[\s.,/-]{0,2}(?:(?:de|del|do|of|năm|tahun|พ\.ศ\.|ค\.ศ\.)[\s]?)?(?=['’]?\d)", re.IGNORECASE
)
_YEAR = re.compile(rf"(?P<year>\d{{4}}(?!\d)|['’]?\d{{2}}(?![\d.:])){_SUFFIX}")
_YEAR_IN_PROSE = re.compile(rf"(?P<year>(?:19|20|25)\d\d|['’]\d{{2}}(?![\d.:])|\d\d(?![\d.:])){_SUFFIX}")
_YEAR_THEN_MONTH = re.compile(
    r"(?P<year>\d{4})(?!\d)(?:\s?(?:m\.|gada|г\.|оны|e?ko))?[\s./,-]{1,2}(?=\D)", re.IGNORECASE
)
_YEAR_THEN_DAY = re.compile(r"(?P<year>\d{4})\. gada ", re.IGNORECASE)
_LAST_DAY = re.compile(r"(?P<day>\d{1,2})(?![\d:])(?:\.|\s?d\.|日)?")
_SECOND_NAME = re.compile(r"\s?[/(]\s?")


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a text before it is read."""

    #: BCP 47, as stated.
    language: str | None
    #: Whether the text is a line in which a date stands, not a field that holds one.
    prose: bool
    #: Whether years may be those of the Buddhist era, 543 years ahead.
    buddhist: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day; `year` is None where it may stand behind the time, as in "Fri Apr 28 19:20:36 CEST 2023"."""

    year: int | None
    month: int
    day: int


def named_at(text: str, at: int, kind: str, language: str | None) -> tuple[int | str, int] | None:
    """Return the meaning of the name at a position, of up to three words, and where it ends; None: it is no such name.

    `kind` is "month" (the meaning is its number), "weekday" or "half" (the meaning is "am" or "pm").
    """
    match = _NAME.match(text, at)
    if not match:
        return None
    for group in (5, 3, 1):
        if match[group] is None:
            continue
        name = text[at : match.end(group)]
        for part in names.prefixes(name) if group == 1 else (name,):
            if (meaning := _meaning(part, kind, language)) is not None:
                end = at + len(part)
                return meaning, end + (text[end : end + 1] == ".")
    return None


@lru_cache(maxsize=8192)
def _meaning(name: str, kind: str, language: str | None) -> int | str | None:
    if kind == "month":
        return names.month_number(name, language)
    if kind == "half":
        return names.half_of_day(name, language)
    return name if names.is_weekday(name) else None


def day_at(text: str, at: int, context: Context) -> tuple[Day, int] | None:
    """Return the day written at a position, and where it ends; None: there is none, or it could be another one."""
    if not text[at : at + 1].isdigit():
        return _month_first(text, at, context) or (_east_asian(text, at) if text[at : at + 1] in "令平昭民" else None)
    found = _east_asian(text, at) or _numeric(text, at, context)
    return found or _day_first(text, at, context) or _year_first(text, at, context)


def _east_asian(text: str, at: int) -> tuple[Day, int] | None:
    match = _EAST_ASIAN.match(text, at)
    if not match or (not match["era"] and len(match["year"]) < 4):
        return None
    year = (1 if match["year"] == "元" else int(match["year"])) + _ERAS.get(match["era"], 0)
    return Day(year, int(match["month"]), int(match["day"])), match.end()


def _numeric(text: str, at: int, context: Context) -> tuple[Day, int] | None:
    if (match := _YEAR_FIRST.match(text, at)) or (not context.prose and (match := _COMPACT.match(text, at))):
        return Day(_year(match["year"], context), int(match["month"]), int(match["day"])), match.end()
    match = (_YEAR_LAST_IN_PROSE if context.prose else _YEAR_LAST).match(text, at)
    if not match:
        return None
    first, second, mark, order = (
        int(match["first"]),
        int(match["second"]),
        match["mark"],
        names.order_of(context.language),
    )
    if len(match["year"]) == 2:
        return _short(first, second, int(match["year"]), order, match)
    year = _year(match["year"], context)
    if first <= 12 < second:
        return Day(year, first, second), match.end()  # no month has such a number, whatever the language
    if first > 12 or first == second or order == "dmy" or (mark == "." and order != "mdy"):
        return Day(year, second, first), match.end()
    return (Day(year, first, second), match.end()) if order == "mdy" else None


def _short(
    first: int, second: int, third: int, order: names.Order | None, match: re.Match[str]
) -> tuple[Day, int] | None:
    """Return the day of three short numbers: in the order of a language, which alone tells the year among them."""
    if order is None or not (len(match["first"]) == len(match["second"]) == 2 or order != "ymd"):
        return None
    year, month, day = {
        "dmy": (third, second, first),
        "mdy": (third, first, second),
        "ymd": (first, second, third),
    }[order]
    return Day(century(year), month, day), match.end()


def century(year: int) -> int:
    """Return the year of two digits: 1970 to 2069."""
    return year + (2000 if year < 70 else 1900)


def _year(written: str, context: Context) -> int:
    year = int(written)
    return year - 543 if context.buddhist and 2400 < year < 2700 else year


def _month_at(text: str, at: int, context: Context) -> tuple[int, int] | None:
    if match := _NUMBERED_MONTH.match(text, at):
        return int(match[1] or match[2]), match.end()
    found = named_at(text, at, "month", context.language)
    if not found:
        return None
    month, end = int(found[0]), found[1]
    # Arabic papers print both of its names: "يونيو/حزيران".
    if slash := _SECOND_NAME.match(text, end):
        second = named_at(text, slash.end(), "month", context.language)
        if second and second[0] == month:
            end = second[1] + (text[second[1] : second[1] + 1] == ")")
    return month, end


def _month_first(text: str, at: int, context: Context) -> tuple[Day, int] | None:
    """Read "June 24, 2020", and "Jun 24" where a time and the year follow."""
    month = _month_at(text, at, context)
    gap = _BEFORE_MONTH.match(text, month[1]) if month else None
    day = _DAY.match(text, gap.end()) if gap else None
    if not month or not day:
        return None
    before = _BEFORE_YEAR.match(text, day.end())
    year = _year_at(text, before.end(), context) if before else None
    if year and (len(year["year"]) == 4 or (before and year["year"][0] in "'’")):
        return Day(_full_year(year["year"], context), month[0], int(day["day"])), year.end()
    return Day(None, month[0], int(day["day"])), day.end()


def _year_at(text: str, at: int, context: Context) -> re.Match[str] | None:
    return (_YEAR_IN_PROSE if context.prose else _YEAR).match(text, at)


def _full_year(written: str, context: Context) -> int | None:
    """Return the year of four digits, or of two behind an apostrophe or in a field.  None: it is not certain."""
    if len(written) == 4 and written.isdigit():
        return _year(written, context)
    short = int(written.lstrip("'’"))
    if context.buddhist:  # "67" is 2567 of the Buddhist era; of smaller numbers nobody can tell the era
        return 2500 + short - 543 if short >= 50 else None
    # RFC 822 has years of two digits; in prose a number behind a day may be anything.
    return century(short) if not context.prose or not written.isdigit() else None


def _day_first(text: str, at: int, context: Context) -> tuple[Day, int] | None:
    """Read "24 June 2020", "24-Jun-20", "24 de junio de 2020", "24 Jun" where a time and the year follow."""
    day = _DAY.match(text, at)
    gap = _BEFORE_MONTH.match(text, day.end()) if day else None
    month = _month_at(text, gap.end(), context) if gap else None
    before = _BEFORE_YEAR.match(text, month[1]) if month else None
    year = _year_at(text, before.end(), context) if before else None
    if not day or not month:
        return None
    if not year:
        return Day(None, month[0], int(day["day"])), month[1]
    number = _full_year(year["year"], context)
    return (Day(number, month[0], int(day["day"])), year.end()) if number else None


def _year_first(text: str, at: int, context: Context) -> tuple[Day, int] | None:
    """Read "2020. június 24.", "2020 m. birželio 24 d.", "2020-Jun-24", "2020. gada 24. jūnijs"."""
    if year := _YEAR_THEN_DAY.match(text, at):
        rest = _day_first(text, year.end(), context)
        return (replace(rest[0], year=int(year["year"])), rest[1]) if rest and rest[0].year is None else None
    year = _YEAR_THEN_MONTH.match(text, at)
    if not year:
        return None
    month = _month_at(text, year.end(), context)
    gap = _BEFORE_MONTH.match(text, month[1]) if month else None
    day = _LAST_DAY.match(text, gap.end()) if gap else None
    return (Day(_year(year["year"], context), month[0], int(day["day"])), day.end()) if month and day else None
