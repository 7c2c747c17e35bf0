from datetime import UTC, datetime, timedelta, timezone

import pytest

from ingestd.times import from_timestamp, is_date_only, iso, parse_http_date, parse_iso, utc

QUARTER_PAST_SIX = datetime(2020, 6, 24, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2020-06-24T06:15:00Z",
        "2020-06-24t06:15:00z",
        " 2020-06-24T06:15:00Z ",
        "2020-06-24T06:15:00.000Z",
        "2020-06-24T06:15Z",
        "20200624T061500Z",
        "2020-06-24 06:15:00 UTC",
        "2020-06-24 06:15:00 GMT",
        "2020-06-24T06:15:00+00:00",
        "2020-06-24T01:15:00-05:00",
        "2020-06-24T01:15:00-0500",
        "2020-06-24T01:15:00 -0500",
        "2020-06-24T01:15:00 -05:00",
        "2020-06-24T08:15:00+02",
    ],
)
def test_iso_times_are_parsed_to_utc(text: str) -> None:
    when = parse_iso(text)

    assert when == QUARTER_PAST_SIX
    assert when.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("2020-06-24T06:15:00", datetime(2020, 6, 24, 6, 15)),  # noqa: DTZ001 - that it is naive is what is tested
        ("2020-06-24", datetime(2020, 6, 24)),  # noqa: DTZ001
        ("20200624", datetime(2020, 6, 24)),  # noqa: DTZ001
    ],
)
def test_an_iso_time_without_a_zone_is_naive(text: str, when: datetime) -> None:
    assert parse_iso(text) == when


@pytest.mark.parametrize(
    "text",
    [None, "", "  ", "yesterday", "2020", "2020-13-01", "2020-06-24T25:00:00Z", "2020-06-24T06:15:00+99:00",
     "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "24/06/2020", "2020-06-24T06:15:00 CDT", "\x00"],
)  # fmt: skip
def test_an_invalid_iso_time_is_none(text: str | None) -> None:
    assert parse_iso(text) is None


@pytest.mark.parametrize(
    ("text", "only"),
    [("2020-06-24", True), ("20200624", True), ("2020-06-24T00:00", False), ("2020-06-24 00:00:00", False)],
)
def test_a_date_alone_is_distinguished_from_midnight(text: str, only: bool) -> None:
    assert is_date_only(text) is only


@pytest.mark.parametrize(
    "text",
    [
        "Wed, 24 Jun 2020 06:15:00 GMT",
        "Wednesday, 24-Jun-20 06:15:00 GMT",
        "Wed Jun 24 06:15:00 2020",
        "24 Jun 2020 06:15:00 GMT",
        "Wed, 24 Jun 2020 06:15:00 -0000",
        "Wed, 24 Jun 2020 06:15:00",
        "Wed, 24 Jun 2020 06:15:00 XYZ",
        "Wed, 24 Jun 2020 01:15:00 -0500",
        "Wed, 24 Jun 2020 01:15:00 CDT",
        "Wed, 24 Jun 2020 08:15:00 CEST",
        "Wed, 24 Jun 2020 11:45:00 IST",
    ],
)
def test_http_and_mail_dates_are_parsed_to_utc(text: str) -> None:
    assert parse_http_date(text) == QUARTER_PAST_SIX


@pytest.mark.parametrize(
    "text",
    [None, "", "0", "soon", "Wed, 24 Jun 2020 25:15:00 GMT", "Wed, 99 Jun 2020 06:15:00 GMT",
     "Wed, 24 Jun 99999 06:15:00 GMT", "Wed, 24 Jun 2020 06:15:00 +9999"],
)  # fmt: skip
def test_an_invalid_http_date_is_none(text: str | None) -> None:
    assert parse_http_date(text) is None


def test_times_are_formatted_in_utc_to_the_second() -> None:
    here = timezone(timedelta(hours=-5))

    assert iso(datetime(2020, 6, 24, 1, 15, 0, 999_999, tzinfo=here)) == "2020-06-24T06:15:00Z"
    assert iso(None) is None


def test_a_year_has_four_digits() -> None:
    assert iso(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"


def test_a_formatted_time_parses_back() -> None:
    assert parse_iso(iso(QUARTER_PAST_SIX)) == QUARTER_PAST_SIX


def test_a_naive_time_is_assumed_to_be_utc() -> None:
    assert utc(datetime(2020, 6, 24, 6, 15)) == QUARTER_PAST_SIX  # noqa: DTZ001 - that it is naive is what is tested
    assert utc(QUARTER_PAST_SIX) == QUARTER_PAST_SIX


def test_timestamps_count_from_1970_in_utc() -> None:
    assert from_timestamp(1_592_979_300) == QUARTER_PAST_SIX
