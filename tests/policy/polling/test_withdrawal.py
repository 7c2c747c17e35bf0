from datetime import UTC, datetime, timedelta

import pytest

from ingestd.policy.polling.withdrawal import settled_at

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first_seen", "listed", "expected"),
    [
        pytest.param([5, 1, 4, 2, 3, 0], 6, 2, id="half of the window is older"),
        pytest.param([1, 2, 3], 10, None, id="most of the window is new"),
        pytest.param([0, 1], 2, None, id="a window of two says nothing"),
        pytest.param([0, 1, 2], 3, 2, id="three at the least"),
        pytest.param([], 0, None, id="empty"),
    ],
)
def test_entries_newer_than_half_of_the_window_should_still_be_listed(
    first_seen: list[int], listed: int, expected: int | None
) -> None:
    found = settled_at((NOON + timedelta(hours=hour) for hour in first_seen), listed=listed)

    assert found == (None if expected is None else NOON + timedelta(hours=expected))
