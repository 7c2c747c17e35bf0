from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.model.item import Concept, Item
from ingestd.policy.wire.version_order import VersionStamp, compare, key_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)


def stamp(version: str | None, when: datetime | None) -> VersionStamp:
    return VersionStamp(version=version, versioncreated=when)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param(stamp("1", LATER), stamp("2", NOON), 1, id="time-before-number"),
        pytest.param(stamp("2", NOON), stamp("1", NOON), 1, id="number-at-the-same-time"),
        pytest.param(stamp("10", NOON), stamp("9", NOON), 1, id="numbers-and-no-texts"),
        pytest.param(stamp("2", None), stamp("1", NOON), 1, id="number-where-a-time-is-missing"),
        pytest.param(stamp("2.10", NOON), stamp("2.9", NOON), 1, id="parts-between-dots"),
        pytest.param(stamp("2nd Ld", NOON), stamp("1st Ld-Writethru", NOON), 1, id="leads"),
        pytest.param(stamp("1", NOON), stamp("1", NOON), 0, id="same"),
        pytest.param(stamp(None, NOON), stamp("1", NOON), 0, id="same-time-and-one-number"),
        pytest.param(stamp("1", None), stamp("1", NOON), 0, id="same-number-and-one-time"),
        pytest.param(stamp(None, None), stamp(None, None), None, id="neither"),
        pytest.param(stamp("1", None), stamp(None, NOON), None, id="nothing-in-common"),
        pytest.param(stamp("a", NOON), stamp("b", NOON), None, id="no-numbers"),
    ],
)
def test_the_newer_version_has_the_later_time_or_the_higher_number(
    one: VersionStamp, other: VersionStamp, expected: int | None
) -> None:
    assert compare(one, other) == expected
    assert compare(other, one) == (-expected if expected else expected)


MARKS = st.builds(stamp, st.none() | st.text("0123456789. Ld", max_size=6), st.none() | st.sampled_from([NOON, LATER]))


@given(MARKS, MARKS)
def test_two_versions_agree_on_which_is_newer(one: VersionStamp, other: VersionStamp) -> None:
    first, second = compare(one, other), compare(other, one)

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
def test_a_globally_unique_guid_is_the_key(guid: str, provider: str | None, key: str) -> None:
    item = Item(guid=guid, provider=Concept(code=provider) if provider else None)

    assert key_of(item, 7) == key
