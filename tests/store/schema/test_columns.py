from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import DATETIME

from ingestd.store.schema.columns import Instant

TIMES = [
    datetime(2026, 11, 27, 15, 43, 1, 5, tzinfo=UTC),
    datetime(2026, 11, 27, tzinfo=UTC),
    datetime(2026, 11, 27, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-8))),
    datetime(2026, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]


@pytest.mark.parametrize("time", TIMES, ids=str)
def test_a_time_is_written_on_sqlite_as_sqlalchemy_writes_it(time: datetime) -> None:
    """Databases that were written by earlier releases compare their times with these, as text."""
    dialect = sqlite.dialect()  # type: ignore[no-untyped-call]
    theirs = DATETIME().bind_processor(dialect)  # type: ignore[no-untyped-call]
    ours = Instant().dialect_impl(dialect).bind_processor(dialect)
    read = Instant().dialect_impl(dialect).result_processor(dialect, None)
    assert theirs
    assert ours
    assert read

    stored = ours(time)

    assert stored == theirs(time.astimezone(UTC).replace(tzinfo=None))
    assert read(stored) == time
    assert read(stored).tzinfo is UTC
    assert ours(None) is read(None) is None


def test_a_naive_time_is_refused() -> None:
    dialect = sqlite.dialect()  # type: ignore[no-untyped-call]
    write = Instant().dialect_impl(dialect).bind_processor(dialect)
    assert write

    with pytest.raises(ValueError, match="naive"):
        write(datetime(2026, 11, 27))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("stored", "time"),
    [
        ("2026-11-27", datetime(2026, 11, 27, tzinfo=UTC)),
        ("20261127", datetime(2026, 11, 27, tzinfo=UTC)),
        ("2026-11-27 15:43", datetime(2026, 11, 27, 15, 43, tzinfo=UTC)),
        ("2026-11-27T15:43:01Z", datetime(2026, 11, 27, 15, 43, 1, tzinfo=UTC)),
        ("2026-11-27 15:43:01+02:00", datetime(2026, 11, 27, 13, 43, 1, tzinfo=UTC)),
        ("0001-01-01 00:00:00+02:00", None),
        ("yesterday", None),
        ("", None),
        (1764258181, None),
    ],
    ids=str,
)
def test_a_time_that_others_wrote_is_read_in_utc(stored: object, time: datetime | None) -> None:
    read = Instant().dialect_impl(sqlite.dialect()).result_processor(sqlite.dialect(), None)  # type: ignore[no-untyped-call]
    assert read

    found = read(stored)

    assert found == time
    assert found is None or found.tzinfo is UTC
