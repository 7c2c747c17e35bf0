from datetime import UTC, datetime

import pytest

from ingestd.web.freshness import fresh_for

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
DATE = {"Date": "Sat, 31 Jan 2026 12:00:00 GMT"}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "max-age=600"}, 600),
        ({"Cache-Control": 'public, MAX-AGE="600"'}, 600),
        ({"Cache-Control": "max-age=600", "Age": "200"}, 400),
        ({"Cache-Control": "max-age=600", "Age": "900"}, 0),
        ({"Cache-Control": "max-age=600", "Expires": "Sat, 31 Jan 2026 13:00:00 GMT"}, 600),
        ({"Cache-Control": "no-cache, max-age=600"}, None),
        ({"Cache-Control": "no-store"}, None),
        ({"Cache-Control": "max-age=-1"}, None),
        ({"Cache-Control": "max-age=soon", "Expires": "Sat, 31 Jan 2026 13:00:00 GMT"}, None),
        ({"Cache-Control": "max-age=" + "9" * 500}, 9_999_999_999),
        ({"Cache-Control": "s-maxage=600"}, None),
        ({"Expires": "Sat, 31 Jan 2026 13:00:00 GMT", **DATE}, 3600),
        ({"Expires": "Sat, 31 Jan 2026 13:00:00 GMT"}, 3600),
        ({"Expires": "Sat, 31 Jan 2026 13:30:00 GMT", "Date": "Sat, 31 Jan 2026 13:00:00 GMT"}, 1800),
        ({"Expires": "0"}, None),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT", **DATE}, 0),
    ],
)
def test_how_long_an_answer_is_fresh(headers: dict[str, str], seconds: float | None) -> None:
    assert fresh_for(headers, NOW) == seconds
