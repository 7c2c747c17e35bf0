from datetime import UTC, datetime

import pytest
from lxml import etree

from ingestd.demo.rendering import photo, printed_time


@pytest.mark.parametrize(
    ("when", "printed"),
    [
        pytest.param(datetime(2020, 6, 24, 6, 15, tzinfo=UTC), "Jun 24, 2020 1:15 AM CDT", id="a single digit"),
        pytest.param(datetime(2020, 6, 24, 5, 5, tzinfo=UTC), "Jun 24, 2020 12:05 AM CDT", id="after midnight"),
        pytest.param(datetime(2020, 6, 4, 17, 0, tzinfo=UTC), "Jun 4, 2020 12:00 PM CDT", id="noon"),
        pytest.param(datetime(2020, 6, 24, 1, 30, tzinfo=UTC), "Jun 23, 2020 8:30 PM CDT", id="the day before"),
    ],
)
def test_times_are_printed_as_papers_print_them(when: datetime, printed: str) -> None:
    assert printed_time(when) == printed


def test_photos_differ_and_are_deterministic() -> None:
    assert photo("gulls") == photo("gulls") != photo("otters")
    assert etree.fromstring(photo("gulls").encode()).tag == "{http://www.w3.org/2000/svg}svg"
