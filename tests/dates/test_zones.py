from datetime import timedelta, timezone

import pytest

from ingestd.dates.abbreviations import zone_named


@pytest.mark.parametrize(
    ("name", "hours"), [("CDT", -5), ("cdt", -5), ("GMT", 0), ("BST", 1), ("IST", 5.5), ("NST", -3.5)]
)
def test_zone_abbreviations_have_offsets(name: str, hours: float) -> None:
    assert zone_named(name) == timezone(timedelta(hours=hours))


def test_an_unknown_zone_is_none() -> None:
    assert zone_named("XYZ") is None
