"""Find the end of an embargo in prose: "until 0001 GMT Wednesday June 3", "bis 15. März 2021, 12.00 Uhr"."""

import re
from calendar import isleap
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta, tzinfo

from ingestd.dates.home_zones import home_zones, latest
from ingestd.dates.names import months_of, unaccented
from ingestd.policy.wire.embargo_clock import UNIT, ClockTime, find_zone, first_clock_time

#: No agency sets a longer embargo: a later time was misread.
LONGEST_EMBARGO = timedelta(days=400)
#: A date without a year is in this year, not the next, if it is past by no more than this.
_MAX_PAST = timedelta(days=60)

# Names of three letters are words of other languages, such as Portuguese "out" and "set" in English.
_MONTHS = {
    name: number
    for language in "en de fr es nl it pt sv pl".split()
    for name, number in months_of(language).items()
    if len(name) > 3 or language in ("en", "de", "fr", "es", "nl")
}
_WEEKDAYS = {
    name: number
    for number, names in enumerate(
        (
            "monday mon montag lundi lunes maandag lunedì",
            "tuesday tue tues dienstag mardi martes dinsdag martedì",
            "wednesday wed mittwoch mercredi miércoles miercoles woensdag mercoledì",
            "thursday thu thurs thur donnerstag jeudi jueves donderdag giovedì",
            "friday fri freitag vendredi viernes vrijdag venerdì",
            "saturday sat samstag sonnabend samedi sábado sabado zaterdag sabato",
            "sunday sun sonntag dimanche domingo zondag domenica",
        )
    )
    for name in unaccented(names).split()
}
_RELATIVE = {
    name: days
    for days, names in enumerate(
        (
            "today tonight heute aujourd'hui aujourd’hui hoy vandaag oggi",
            "tomorrow morgen demain mañana domani",
            "übermorgen après-demain overmorgen",
        )
    )
    for name in unaccented(names).split()
}


def _one_of(names: dict[str, int]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


# A year, not a time of day as in "JUNE 3 2000 GMT".
_YEAR = rf"(?:(?:19|20)\d\d)(?!\d|\s?(?:{UNIT}|GMT|UTC|BST|CES?T|ME?S?Z|E[SD]?T)\b)"
_MONTH = _one_of(_MONTHS)
_DATE = re.compile(
    rf"\b(?P<year1>\d{{4}})-(?P<month1>\d\d)-(?P<day1>\d\d)(?:T|\b)"
    rf"|(?<![\d:.,])(?P<day2>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?\s+(?:de\s+|of\s+)?(?P<month2>{_MONTH})\b\.?"
    rf"(?:,?\s+(?:de\s+|del\s+)?(?P<year2>{_YEAR}))?"
    rf"|\b(?P<month3>{_MONTH})\b\.?\s+(?P<day3>\d{{1,2}})(?:st|nd|rd|th)?(?![\d:]|\.\d)(?:,?\s+(?P<year3>{_YEAR}))?"
    rf"|(?<![\d.:])(?P<day4>\d{{1,2}})\.\s?(?P<month4>\d{{1,2}})\.\s?(?:(?P<year4>{_YEAR}|\d\d(?!\d|[:.h]|\s?{UNIT}\b)))?"
    rf"|(?<![\d/])(?P<day5>\d{{1,2}})/(?P<month5>\d{{1,2}})(?:/(?P<year5>\d{{4}}|\d\d))?(?![\d/])",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    rf"\b(?P<name>{_one_of(_WEEKDAYS)})(?:s?(?:ausgaben?|zeitungen)|s|abend|morgen|mittag|nachmittag|vormittag|nacht)?\b",
    re.IGNORECASE,
)
_RELATIVES = re.compile(rf"(?<!\w)(?P<name>{_one_of(_RELATIVE)})(?!\w)", re.IGNORECASE)
# The start of the next sentence, but not after "a.m.", "Jan." or "24.12.".
_NEXT_SENTENCE = re.compile(r"(?P<word>[^\W\d_]{3,}|\d{4}|\))[.!?;]\s+(?=[^\W\da-zß-ÿ])")
_SAYS_MORE = re.compile(r"\d|\b(?:until|till|bis|jusqu|hasta|tot|fino)\b", re.IGNORECASE)


def embargo_end(
    clause: str, *, after: datetime | None, language: str | None, offset: int | None = None
) -> datetime | None:
    """Return the end of the embargo that a clause states, in UTC, or None if it states none that can be read.

    `after` is when the text was written: a time without a date is the next such time at or after it, a date without a
    year is the one closest to it.  A time without a zone is read in the zones of `offset` (minutes east of UTC, as
    other times of the item state it) and `language` (BCP 47; None: that of the clause): see `home_zones`.  Of several
    readings the latest counts.  "Midnight" of a day is its end, "0.00" its beginning; a day without a time means its
    beginning.  A time more than 400 days after `after` was misread, and gives None.
    """
    try:
        language = language or _language_of(clause)
        when = _latest_in(_first_sentence(unaccented(clause)), after, language, offset)
    except (ValueError, OverflowError):
        return None
    return None if when and after and when - after > LONGEST_EMBARGO else when


def _first_sentence(clause: str) -> str:
    """Return the first sentence, or the whole clause while that sentence names no time."""
    for end in _NEXT_SENTENCE.finditer(clause):
        sentence, word = clause[: end.end("word")], end["word"].lower()
        if not (len(word) < 6 and (word in _MONTHS or word in _WEEKDAYS)) and _SAYS_MORE.search(sentence):
            return sentence
    return clause


def _language_of(clause: str) -> str | None:
    """Return the language of a clause by its words, None for English and others."""
    return next((language for language, words in _WORDS if words.search(clause)), None)


#: Words of the languages in which embargoes are recognised, but English.
_WORDS = tuple(
    (language, re.compile(rf"\b(?:{words})", re.IGNORECASE))
    for language, words in (
        ("de", "sperr|frei\\b|nicht vor|bis\\b|uhr\\b"),
        ("fr", "jusqu|sous embargo|heures"),
        ("pt", "até\\b|sob embargo"),  # before Spanish, which has "horas" as well
        ("es", "hasta|bajo embargo|horas|embargad[oa]\\b"),
        ("nl", "onder embargo|tot\\b|uur\\b"),
        ("it", "fino|sotto embargo|\\bore\\b"),
    )
)


def _latest_in(clause: str, after: datetime | None, language: str | None, offset: int | None) -> datetime | None:
    day, rest = _day_in(clause, us=(language or "").lower() == "en-us")
    weekday = _WEEKDAY.search(rest)
    relative = None if weekday else _RELATIVES.search(rest)
    clock = first_clock_time(rest, dated=bool(day or weekday or relative))
    if not (day or weekday or relative or clock):
        return None
    zone = (clock.zone if clock else None) or find_zone(rest)
    clock = clock or ClockTime(at=time(0))
    found: list[datetime | None] = []
    for one in (zone,) if zone else home_zones(language, offset=offset, at=after):
        if day and day[0]:
            found.append(_at(date(*day), clock, one))
        elif after is not None:
            days = _days(after.astimezone(one).date(), day, weekday, relative)
            found.append(next((when for of, past in days if (when := _at(of, clock, one)) >= after - past), None))
    return max(filter(None, found), default=None)


def _days(
    today: date, day: tuple[int, int, int] | None, weekday: re.Match[str] | None, relative: re.Match[str] | None
) -> Iterator[tuple[date, timedelta]]:
    """Yield the days that may be meant, earliest first, each with how far in the past its time may be."""
    if day:
        for year in (today.year - 1, today.year, today.year + 1):
            if day[1:] != (2, 29) or isleap(year):
                yield date(year, day[1], day[2]), _MAX_PAST
    elif weekday:
        ahead = (_WEEKDAYS[weekday["name"].lower()] - today.weekday()) % 7
        for days in (ahead, ahead + 7):
            yield today + timedelta(days=days), timedelta(0)
    elif relative:
        yield today + timedelta(days=_RELATIVE[relative["name"].lower()]), timedelta(days=1)
    else:
        for days in (-1, 0, 1):
            yield today + timedelta(days=days), timedelta(0)


def _at(day: date, clock: ClockTime, zone: tzinfo) -> datetime:
    return latest(datetime.combine(day + timedelta(days=clock.next_day), clock.at), (zone,))


def _day_in(clause: str, *, us: bool) -> tuple[tuple[int, int, int] | None, str]:
    """Return the first date as (year or 0, month, day), and the clause without it."""
    for found in _DATE.finditer(clause):
        fields = {name[:-1]: value for name, value in found.groupdict().items() if value}
        month = _MONTHS.get(fields["month"].lower()) or int(fields["month"])
        day, year = int(fields["day"]), int(fields.get("year", 0))
        if found["day5"] and (us or month > 12) and day <= 12:
            month, day = day, month
        if 1 <= month <= 12 and 1 <= day <= 31:
            year += 2000 if 0 < year < 100 else 0
            return (year, month, day), f"{clause[: found.start()]} {clause[found.end() :]}"
    return None, clause
