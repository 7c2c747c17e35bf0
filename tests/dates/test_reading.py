from datetime import UTC, datetime, timedelta

import pytest

from ingestd.dates.reading import MAX_FIELD, find_time, read_time
from ingestd.dates.stated_time import StatedTime, with_inferred_zone
from ingestd.times import iso
from tests.dates import forms


def lines(table: str) -> list[str]:
    return [line for line in table.splitlines() if line]


def shown(time: StatedTime | None) -> tuple[str | None, str | None]:
    return (iso(time.when), time.precision) if time else (None, None)


@pytest.mark.parametrize("text", lines(forms.SECOND))
def test_a_time_with_a_zone_is_read_in_every_form(text: str) -> None:
    assert shown(read_time(text)) == ("2024-06-29T15:07:41Z", "minute")


@pytest.mark.parametrize("text", lines(forms.MINUTE))
def test_a_time_without_a_zone_has_an_assumed_one(text: str) -> None:
    assert shown(read_time(text)) == ("2024-06-29T15:07:00Z", "assumed_zone")


@pytest.mark.parametrize("text", lines(forms.DAY))
def test_a_day_is_a_day(text: str) -> None:
    assert shown(read_time(text)) == ("2024-06-29T00:00:00Z", "day")


@pytest.mark.parametrize("text", lines(forms.UNREADABLE))
def test_what_is_not_read_to_its_end_is_none(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(("text", "language", "day"), forms.IN_FIGURES)
def test_a_date_in_figures_is_read_in_the_order_of_its_language(
    text: str, language: str | None, day: str | None
) -> None:
    assert shown(read_time(text, language)) == (f"{day}T00:00:00Z" if day else None, "day" if day else None)


def test_the_table_has_two_hundred_forms_in_fifteen_languages() -> None:
    assert len({*lines(forms.SECOND), *lines(forms.MINUTE), *lines(forms.DAY)}) > 300


@pytest.mark.parametrize("text", [*lines(forms.SECOND), *lines(forms.MINUTE), *lines(forms.DAY)])
@pytest.mark.parametrize("behind", [" xyzzy", " 7", " and a half", "/9", " (see page 4)"])
def test_nothing_may_follow_a_date(text: str, behind: str) -> None:
    assert read_time(text + behind) is None


@pytest.mark.parametrize(
    ("text", "language", "when", "offset"),
    [
        ("03/05/2024 2:30 PM EST", "en-US", "2024-03-05T19:30:00Z", -300),
        ("05/03/2024 14:30 GMT", "en-GB", "2024-03-05T14:30:00Z", 0),
        ("Tue, 05 Mar 2024 24:00:00 +0000", None, "2024-03-06T00:00:00Z", 0),
        ("2024-03-05T24:00:00+01:00", None, "2024-03-05T23:00:00Z", 60),
        ("2024-12-31T23:59:60Z", None, "2025-01-01T00:00:00Z", 0),
        ("Sat Jun 29 15:07:41 CST 2024", "zh-CN", "2024-06-29T07:07:41Z", 480),
        ("Sat Jun 29 15:07:41 CST 2024", None, "2024-06-29T21:07:41Z", -360),
        ("29 June 2024 15:07 EST", "en-AU", "2024-06-29T05:07:00Z", 600),
        ("29 June 2024 15:07 IST", "en-IE", "2024-06-29T14:07:00Z", 60),
        ("Jan 5, 2024 3:07 PM ET", None, "2024-01-05T20:07:00Z", -300),
        ("Jul 5, 2024 3:07 PM ET", None, "2024-07-05T19:07:00Z", -240),
        ("2024-07-05 15:07 Europe/London", None, "2024-07-05T14:07:00Z", 60),
        ("2024-01-05 15:07 Europe/London", None, "2024-01-05T15:07:00Z", 0),
    ],
)
def test_zones_are_those_of_the_day_and_the_place(text: str, language: str | None, when: str, offset: int) -> None:
    time = read_time(text, language)

    assert time is not None
    assert (iso(time.when), time.precision, time.offset) == (when, "minute", offset)


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2024-06-29 12:07 AM", "00:07"),
        ("2024-06-29 12:07 PM", "12:07"),
        ("2024-06-29 0:07 AM", "00:07"),
        ("2024-06-29 15:07 PM", "15:07"),
        ("2024年6月29日 午後0時07分", "12:07"),
        ("2024年6月29日 午前0時07分", "00:07"),
        ("2024年6月29日 凌晨3:07", "03:07"),
        ("2024年6月29日 晚上8:07", "20:07"),
        ("2024년 6월 29일 오전 12시 7분", "00:07"),
        ("29 يونيو 2024 3:07 ص", "03:07"),
        ("29 Ιουνίου 2024 12:07 π.μ.", "00:07"),
        ("29 जून 2024, 03:07 अपराह्न", "15:07"),
        ("29 de junio de 2024, 8:07 a. m.", "08:07"),
    ],
)
def test_halves_of_the_day_have_their_words(text: str, when: str) -> None:
    assert shown(read_time(text)) == (f"2024-06-29T{when}:00Z", "assumed_zone")


def test_a_half_of_the_day_in_latin_letters_is_known_to_its_language_alone() -> None:
    # "du." is p.m. in Hungarian, and "of the" in French.
    assert shown(read_time("2024. június 29. 3:07 du.", "hu")) == ("2024-06-29T15:07:00Z", "assumed_zone")
    assert read_time("2024. június 29. 3:07 du.", "fr") is None


@pytest.mark.parametrize(("language", "month"), [("hr", "10"), ("pl", "11"), ("cs-CZ", "11")])
def test_a_name_of_two_months_is_that_of_its_language(language: str, month: str) -> None:
    assert shown(read_time("29. listopad 2024", language))[0] == f"2024-{month}-29T00:00:00Z"


@pytest.mark.parametrize(
    ("value", "when"),
    [(1719673661, "2024-06-29T15:07:41Z"), (1719673661.5, "2024-06-29T15:07:41Z"),
     (1719673661000, "2024-06-29T15:07:41Z"), (20240629, None), (0, None), (True, None),
     (-1719673661, None), (float("inf"), None), (float("nan"), None),
     (None, None), ([], None), ({}, None)],
)  # fmt: skip
def test_a_number_is_a_time_if_it_counts_seconds_of_this_century(value: object, when: str | None) -> None:
    assert shown(read_time(value))[0] == when


def test_years_outside_of_those_asked_for_are_none() -> None:
    assert read_time("1850-06-29") is not None
    assert read_time("1850-06-29", years=range(1990, 2100)) is None


def test_a_time_that_no_calendar_has_is_none() -> None:
    assert read_time("9999-12-31T23:59:59-14:00") is None
    assert read_time("1" * (MAX_FIELD + 1)) is None


@pytest.mark.parametrize(
    ("line", "language", "when", "precision"),
    [
        ("Posted Jun 29, 2024 3:07 PM CDT", None, "2024-06-29T20:07:00Z", "minute"),
        ("By Ann Lee/June 29, 2024 3:07 pm EST/Updated: Aug. 18, 2024", None, "2024-06-29T20:07:00Z", "minute"),
        ("Staff | June 29, 2024 | 3:07 PM | 5 comments", None, "2024-06-29T15:07:00Z", "assumed_zone"),
        ("Published on 29/06/2024 - 16:38", "en", "2024-06-29T16:38:00Z", "assumed_zone"),
        ("Jun 29, 20243:07 PM EDT", None, "2024-06-29T19:07:00Z", "minute"),
        ("29. Juni 202430. Juni 2024", None, "2024-06-29T00:00:00Z", "day"),
        ("Veröffentlicht am 29. Juni 2024 15:0730. Juni 2024", None, "2024-06-29T15:07:00Z", "assumed_zone"),
        ("公開日：2024/06/29 11:30 更新日：2024/06/30 11:30", None, "2024-06-29T11:30:00Z", "assumed_zone"),
        ("Thứ bảy, 29/6/2024, 19:25 (GMT+7)", "vi", "2024-06-29T12:25:00Z", "minute"),
        ("03/05/2024 2:30 PM EST", "en-US", "2024-03-05T19:30:00Z", "minute"),
        ("Studio 2. 29.06.2024. 00:21 Min. Video", None, "2024-06-29T00:00:00Z", "day"),
        ("29 June 2024 15:07 ist ein Samstag", None, "2024-06-29T15:07:00Z", "assumed_zone"),
        ("June 29, 2024 15:07 -16 degrees", None, "2024-06-29T15:07:00Z", "assumed_zone"),
        ("Текст: Анна Ли·29 июня 2024", None, "2024-06-29T00:00:00Z", "day"),
        ("17:41 JST, June 29, 2024", None, "2024-06-29T08:41:00Z", "minute"),
        ("입력 2024.06.29. 오후 3:07", None, "2024-06-29T15:07:00Z", "assumed_zone"),
    ],
)
def test_a_date_is_found_in_a_line(line: str, language: str | None, when: str, precision: str) -> None:
    assert shown(find_time(line, language)) == (when, precision)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "In May 20 boats left",
        "31.02.2024",
        "Version 3.11.1502",
        "June 24, 1804",
        "03/05/2024",
        "https://paper.example/2024/06/29/ferry",
        "24-26 June, 2024 boats",
        "Call 020 7946 2024",
        "x" * 500 + " June 29, 2024",
    ],
)
def test_a_line_without_a_certain_date_has_none(line: str) -> None:
    assert find_time(line) is None


def test_an_assumed_zone_is_inferred_from_a_time_with_one() -> None:
    assumed, known = read_time("2024-06-29 15:07"), read_time("2024-06-30T09:30:00+02:00")
    assert assumed
    assert known

    assert with_inferred_zone(assumed, [known]) == StatedTime(
        datetime(2024, 6, 29, 15, 7, tzinfo=UTC) - timedelta(hours=2), "minute", 120
    )


@pytest.mark.parametrize(
    "text",
    [
        "2024-06-29T15:07:41+18:01",
        "2024-06-29T15:07:41+05:30:15",
        "2024-06-29T15:07:41+25:00",
        "2024-06-29T25:07:41Z",
        "2024-06-29T15:60:41Z",
        "2024-06-31T15:07:41Z",
        "2024-06-29T15:07:41Zulu",
        "2024-06-29x15:07:41ZZ",
        "20240629T156741Z",
        "2024W267T150741Z",
    ],
)
def test_what_resembles_iso_8601_is_none(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize("language", ["de", "fr", "en-GB", "en-US", None, "ja"])
@pytest.mark.parametrize("text", ["6/29/2024", "06-29-2024", "2024-06-29Z", "2024-06-29+02:00", "2024-06-29-05:00"])
def test_a_day_that_can_be_read_in_one_way_is_read_in_any_language(text: str, language: str | None) -> None:
    found = read_time(text, language)

    assert found is not None
    assert (found.when.date().isoformat(), found.precision) == ("2024-06-29", "day")
