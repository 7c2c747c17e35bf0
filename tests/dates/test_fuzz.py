"""Whatever is read was written: no part of a date is filled in, and no text raises or takes long."""

import random
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.dates import reading
from ingestd.dates.reading import MAX_FIELD, MAX_LINE, find_time, read_time
from ingestd.dates.stated_time import StatedTime
from tests.dates import forms

FORMS = [line for table in (forms.SECOND, forms.MINUTE, forms.DAY, forms.UNREADABLE) for line in table.splitlines()]
LANGUAGES = st.sampled_from(
    [None, "en", "en-US", "en-GB", "de", "ko", "th", "hr", "hu", "xx", "", "utf-8", "zh-Hant-TW"]
)
PIECES = st.sampled_from([
    *"0123456789/-.:,+()[]TZ ", "2024", "29", "06", "12", "Jun", "Sat", "mar", "PM", "a.m.", "GMT", "UTC+3",
    "年", "月", "日", "時", "午後", "Uhr", "à", "de", "ม.ค.", "٢", "२", "\u200f", "\u202f", "Europe/Berlin",
    "EST", "тра", "24:00", "'24",
])  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=MAX_FIELD), st.lists(PIECES, max_size=20).map("".join), st.lists(PIECES).map(" ".join)
)


def mutated(form: str, at: int, piece: str) -> str:
    at %= len(form) + 1
    return form[:at] + piece + form[at + len(piece) // 2 :]


@settings(max_examples=1000)
@given(st.one_of(TEXTS, st.builds(mutated, st.sampled_from(FORMS), st.integers(0, 99), PIECES)), LANGUAGES)
def test_every_part_of_a_date_was_written(text: str, language: str | None) -> None:
    for time in (read_time(text, language), find_time(text, language)):
        if time:
            check(time, text)


def check(time: StatedTime, text: str) -> None:
    numbers = {int(number) for number in re.findall(r"\d+", text)}
    digits = "".join(str(int(char)) for char in text if char.isdecimal())
    if re.search(r"\d{10}", digits) or "W" in text:  # seconds since 1970, dates without marks, weeks
        return
    # The day as written: "24:00" ends the day before, a zone without an offset of its own shifts by less than a day.
    local = time.when + timedelta(minutes=time.offset or 0)
    days = {local.day, (local - timedelta(days=1)).day}
    assert any(str(day) in digits for day in days), (text, time)
    eras = {local.year, local.year + 543, local.year - 2018, local.year - 1988, local.year - 1925, local.year - 1911}
    years = {local.year % 100, (local.year + 543) % 100, *eras, *(year - 1 for year in eras), (local.year - 1) % 100}
    assert "元" in text or any(str(year) in digits for year in years if year >= 0) or numbers & years, (text, time)


@settings(max_examples=200)
@given(st.text(alphabet="0123456789 :./-,()+TZmarJunSat年月日", min_size=MAX_LINE - 50, max_size=MAX_LINE))
def test_a_long_line_takes_no_long_time(text: str) -> None:
    start = process_time()
    find_time(text)
    read_time(text[:MAX_FIELD])
    assert process_time() - start < 5


@given(
    st.datetimes(datetime.fromisoformat("1583-01-02"), datetime.fromisoformat("9999-12-30")),
    st.none() | st.integers(-18 * 60, 18 * 60),
    st.sampled_from(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y%m%dT%H%M%S"]),
    st.sampled_from(["{hours:02}:{rest:02}", "{hours:02}{rest:02}"]),
)
def test_iso_8601_is_read_as_it_is_written(local: datetime, offset: int | None, form: str, zone_form: str) -> None:
    local = local if "%f" in form else local.replace(microsecond=0)
    sign, (hours, rest) = ("-" if (offset or 0) < 0 else "+"), divmod(abs(offset or 0), 60)
    text = local.strftime(form) + ("" if offset is None else sign + zone_form.format(hours=hours, rest=rest))

    found = read_time(text)

    if offset is None:
        at_midnight = local.time().isoformat() == "00:00:00"
        assert found == StatedTime(local.replace(tzinfo=UTC), "day" if at_midnight else "assumed_zone")
    else:
        there = local.replace(tzinfo=timezone(timedelta(minutes=offset)))
        assert found == StatedTime(there.astimezone(UTC), "minute", offset)


def test_the_quick_reading_of_mail_dates_agrees_with_the_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    days, months = ("Mon", "tue", "Xyz", "Sun", "Fri"), ("Jan", "Feb", "mar", "Dec", "Foo")
    zones = "GMT UTC Z EST +0000 -0000 +0530 -0500 -0560 +1900 -1800 +05:30 +05 +２000".split()
    read = 0
    for _ in range(3_000):
        day, year = chance.choice((0, 1, 28, 31)), chance.choice((1, 1582, 2024, 2024, 9999))
        clock = f"{chance.choice((0, 23, 24)):02}:{chance.choice((0, 59, 60)):02}:{chance.choice((0, 1, 60)):02}"
        text = f"{chance.choice(days)}, {day:02} {chance.choice(months)} {year:04} {clock} {chance.choice(zones)}"
        if chance.random() < 0.2:
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice(" :,x9") + text[at + 1 :]
        quick = read_time(text)
        with monkeypatch.context() as without:
            without.setattr(reading, "read_mail", lambda _: None)
            assert read_time(text) == quick, text
        with suppress(OverflowError):
            read += reading.read_mail(text) is not None
    assert read > 50
