from datetime import UTC, datetime

import pytest

from ingestd.formats.common.dates import read_date

WHEN = datetime(2020, 6, 24, 6, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2020-06-24T06:15:00Z",
        "2020-06-24T08:15:00+0200",
        "2020-06-24 06:15",
        "Wed, 24 Jun 2020 06:15:00 GMT",
        "Wed, 24 Jun 2020 01:15:00 -0500",
        "Wed,24 Jun 2020 15:15:0 GMT+9",
        "24 June 2020 08:15 CEST",
        "24-Jun-2020 08:15:00 +02:00",
        "Jun 24, 2020 1:15 AM CDT",
        "June 24 2020, 2:15 a.m. EDT",
        "Wednesday, June 24, 2020 11:45 IST",
        "24. Juni 2020 08:15 MESZ",
        "mercredi, 24 juin 2020 06:15 GMT",
    ],
)
def test_dates_are_read_in_all_written_forms(text: str) -> None:
    assert read_date(text) == WHEN


@pytest.mark.parametrize("text", ["2020-06-24", "24 Jun 2020", "June 24, 2020"])
def test_a_date_alone_is_midnight(text: str) -> None:
    assert read_date(text) == datetime(2020, 6, 24, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "24 Jux 2020 06:15 GMT",
        "31 Feb 2020 06:15 GMT",
        "24 Jun 2020 25:15 GMT",
        "24 June 2020 08:15 XYZT",
        "9999-12-31T23:59:59-23:59",
        "1 Jan 0001 00:15 +0900",
        "24 Jun 2020 06:15 +99:00",
        "1" * 5_000,
    ],
)
def test_an_unreadable_date_is_none(text: str | None) -> None:
    assert read_date(text) is None
