import pytest

from ingestd.articles.witnesses.stated_times import find_stated_time, read_stated_time
from ingestd.dates.stated_time import with_inferred_zone
from ingestd.times import iso


@pytest.mark.parametrize(
    ("line", "when", "precision"),
    [
        ("Posted Jun 24, 2020 1:15 AM CDT", "2020-06-24T06:15:00Z", "minute"),
        ("Published June 24th, 2020 at 1:15 p.m. ET", "2020-06-24T17:15:00Z", "minute"),
        ("12:31 PM GMT on Wednesday, 24 June 2020", "2020-06-24T12:31:00Z", "minute"),
        ("24.06.2020, 08:15 Uhr", "2020-06-24T08:15:00Z", "assumed_zone"),
        ("24. Juni 2020 um 08.15 Uhr (MESZ)", "2020-06-24T06:15:00Z", "minute"),
        ("24 de junio de 2020", "2020-06-24T00:00:00Z", "day"),
        ("le 24 août 2020 à 18h05", "2020-08-24T18:05:00Z", "assumed_zone"),
        ("2020年6月24日 08:15", "2020-06-24T08:15:00Z", "assumed_zone"),
        ("2020/06/24 00:30 +0900", "2020-06-23T15:30:00Z", "minute"),
        ("June 24, 2020 12:05 AM EST", "2020-06-24T05:05:00Z", "minute"),
    ],
)
def test_a_printed_date_is_found(line: str, when: str, precision: str) -> None:
    time = find_stated_time(line)

    assert time is not None
    assert (iso(time.when), time.precision) == (when, precision)


@pytest.mark.parametrize("line", ["", "In May 20 boats left", "31.02.2020", "Version 3.11.1502", "June 24, 1804"])
def test_a_line_without_a_date_has_none(line: str) -> None:
    assert find_stated_time(line) is None


@pytest.mark.parametrize(
    ("value", "when", "precision"),
    [
        ("2020-06-24T01:15:00-05:00", "2020-06-24T06:15:00Z", "minute"),
        ("2020-06-24T01:15:00", "2020-06-24T01:15:00Z", "assumed_zone"),
        ("2020-06-24T00:00:00", "2020-06-24T00:00:00Z", "day"),
        ("2020-06-24", "2020-06-24T00:00:00Z", "day"),
        ("Wed, 24 Jun 2020 01:15:00 -0500", "2020-06-24T06:15:00Z", "minute"),
        ("June 24, 2020 1:15 AM CDT", "2020-06-24T06:15:00Z", "minute"),
        ("Wed Jun 24 01:15:36 CEST 2020", "2020-06-23T23:15:36Z", "minute"),
    ],
)
def test_every_format_of_metadata_is_read(value: str, when: str, precision: str) -> None:
    time = read_stated_time(value)

    assert time is not None
    assert (iso(time.when), time.precision) == (when, precision)


ASSUMED = "2020-06-24T01:15:00"


@pytest.mark.parametrize(
    ("others", "when", "precision"),
    [
        pytest.param(["June 24, 2020 1:15 AM CDT"], "2020-06-24T06:15:00Z", "minute", id="the-same-clock"),
        pytest.param(["2020-06-25T09:30:00+02:00"], "2020-06-23T23:15:00Z", "minute", id="a-correction-s-zone"),
        pytest.param(["2020-06-25T09:30:00Z"], "2020-06-24T01:15:00Z", "assumed_zone", id="utc-is-no-place"),
        pytest.param(["2020-12-25T09:30:00+01:00"], "2020-06-24T01:15:00Z", "assumed_zone", id="clocks-changed"),
        pytest.param(["2020-06-25T09:30:00", "2020-06-25"], "2020-06-24T01:15:00Z", "assumed_zone", id="none-knows"),
    ],
)
def test_a_missing_zone_is_inferred_from_another_time_of_the_page(others: list[str], when: str, precision: str) -> None:
    time = read_stated_time(ASSUMED)
    assert time

    inferred = with_inferred_zone(time, [other for other in map(read_stated_time, others) if other])

    assert (iso(inferred.when), inferred.precision) == (when, precision)


def test_a_time_with_a_zone_is_unchanged() -> None:
    time = read_stated_time("2020-06-24T01:15:00-05:00")
    assert time

    assert with_inferred_zone(time, [time]) is time


@pytest.mark.parametrize("value", [None, 20200624, "", "soon", "0001-01-01T00:00:00Z", "x" * 100])
def test_a_value_that_is_no_time_is_none(value: object) -> None:
    assert read_stated_time(value) is None
