import pytest

from ingestd.units import parse_duration, parse_size, show_duration, show_size


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (90, 90.0),
        (0.5, 0.5),
        ("90", 90.0),
        ("1.5", 1.5),
        ("500ms", 0.5),
        ("30s", 30.0),
        ("15m", 900.0),
        ("15min", 900.0),
        ("1h30m", 5400.0),
        ("1h 30m", 5400.0),
        (" 2 D ", 172_800.0),
        ("1w", 604_800.0),
    ],
)
def test_durations_are_parsed_in_every_unit(text: str | float, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "x", "m", "3x", "-5s", "5s!", "1h-30m", "1e3", "nan", "inf", "1..5s", "1h30"])
def test_an_invalid_duration_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 90, 30s, 15m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (1_000_000, 1_000_000),
        ("1000000", 1_000_000),
        ("500kB", 500_000),
        ("16MiB", 16 * 2**20),
        ("16 mib", 16 * 2**20),
        ("16M", 16 * 2**20),
        ("1.5GiB", 3 * 2**29),
        ("12B", 12),
    ],
)
def test_sizes_are_parsed_in_every_unit(text: str | int, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize("text", ["", "MiB", "-1", "1.5", "3 apples", "1e6", "16MiB16", "9" * 400, "0x10"])
def test_an_invalid_size_is_refused_with_examples(text: str) -> None:
    with pytest.raises(ValueError, match="write it like 1000000, 500kB or 16MiB"):
        parse_size(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (0.0123, "12ms"),
        (0.45, "450ms"),
        (0.9999, "1s"),
        (12.4, "12s"),
        (59.7, "1m"),
        (200, "3m20s"),
        (7500, "2h5m"),
        (7501, "2h5m"),
        (273_600, "3d4h"),
        (86_401, "1d1s"),
        (-90, "-1m30s"),
    ],
)
def test_durations_are_shown_in_at_most_two_units(seconds: float, shown: str) -> None:
    assert show_duration(seconds) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0B"),
        (812, "812B"),
        (1023, "1023B"),
        (1024, "1KiB"),
        (1536, "1.5KiB"),
        (2**20 - 1, "1MiB"),
        (16 * 2**20, "16MiB"),
        (100 * 2**20, "100MiB"),
        (3 * 2**29, "1.5GiB"),
        (5000 * 2**30, "5000GiB"),
    ],
)
def test_sizes_are_shown_in_the_largest_unit_that_fits(count: float, shown: str) -> None:
    assert show_size(count) == shown
