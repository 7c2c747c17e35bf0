from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.model.item import Concept, Item
from ingestd.policy.wire.version_order import Mark, key_of, order

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def mark(version: str | None, when: datetime | None) -> Mark:
    return Mark(version=version, versioncreated=when)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(mark("1", LATER), mark("2", NOON), 1, id="time-before-number"),
        pytest.param(mark("2", NOON), mark("1", NOON), 1, id="number-at-the-same-time"),
        pytest.param(mark("10", NOON), mark("9", NOON), 1, id="numbers-and-no-texts"),
        pytest.param(mark("2", None), mark("1", NOON), 1, id="number-where-a-time-is-missing"),
        pytest.param(mark("2.10", NOON), mark("2.9", NOON), 1, id="parts-between-dots"),
        pytest.param(mark("2nd Ld", NOON), mark("1st Ld-Writethru", NOON), 1, id="leads"),
        pytest.param(mark("1", NOON), mark("1", NOON), 0, id="same"),
        pytest.param(mark(None, NOON), mark("1", NOON), 0, id="same-time-and-one-number"),
        pytest.param(mark("1", None), mark("1", NOON), 0, id="same-number-and-one-time"),
        pytest.param(mark(None, None), mark(None, None), None, id="neither"),
        pytest.param(mark("1", None), mark(None, NOON), None, id="nothing-in-common"),
        pytest.param(mark("a", NOON), mark("b", NOON), None, id="no-numbers"),
    ],
)
def test_the_newer_version_is_the_later_or_the_higher(one: Mark, other: Mark, expected: int | None) -> None:
    assert order(one, other) == expected
    assert order(other, one) == (-expected if expected else expected)


MARKS = st.builds(mark, st.none() | st.text("0123456789. Ld", max_size=6), st.none() | st.sampled_from([NOON, LATER]))


@given(MARKS, MARKS)
def test_two_versions_agree_on_which_is_newer(one: Mark, other: Mark) -> None:
    first, second = order(one, other), order(other, one)

    assert first == (-second if second else second)


@pytest.mark.parametrize(
    ("guid", "provider", "key"),
    [
        ("urn:newsml:a.example:20260301:1", "A", "urn:newsml:a.example:20260301:1"),
        ("tag:a.example,2026:1", None, "tag:a.example,2026:1"),
        ("1A2B3C4D-0000-4000-8000-0123456789AB", None, "1A2B3C4D-0000-4000-8000-0123456789AB"),
        ("0123456789abcdef0123456789abcdef", "A", "0123456789abcdef0123456789abcdef"),
        ("12345", "A", "A 12345"),
        ("BC-MAYOR 2026-03-01", "A", "A BC-MAYOR 2026-03-01"),
        ("12345", None, "source 7 12345"),
    ],
)
def test_what_nobody_else_has_is_a_key_by_itself(guid: str, provider: str | None, key: str) -> None:
    item = Item(guid=guid, provider=Concept(code=provider) if provider else None)

    assert key_of(item, 7) == key
