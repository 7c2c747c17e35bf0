from datetime import UTC, datetime

import pytest

from ingestd.web.replies import parse_retry_after

NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param("0", 0, id="none"),
        pytest.param("Tue, 24 Nov 2026 08:02:00 GMT", 120, id="date"),
        pytest.param("Mon, 23 Nov 2026 08:02:00 GMT", 0, id="past"),
        pytest.param("Tue, 24 Nov 2099 08:02:00 GMT", 86_400, id="far date"),
        pytest.param("99999999", 86_400, id="far seconds"),
        pytest.param("9" * 5000, 86_400, id="thousands of digits"),
        pytest.param("-120", None, id="negative"),
        pytest.param("1.5", None, id="fraction"),
        pytest.param("inf", None, id="infinite"),
        pytest.param("٣", None, id="other digits"),
        pytest.param("soon", None, id="words"),
        pytest.param("Tue, 99 Nov 2026 99:02:00 GMT", None, id="no date"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="absent"),
    ],
)
def test_retry_after_is_parsed_into_seconds(text: str | None, seconds: float | None) -> None:
    assert parse_retry_after(text, NOW) == seconds
