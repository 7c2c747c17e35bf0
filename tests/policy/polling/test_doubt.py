from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from ingestd.model.feed import Entry
from ingestd.model.source import NO_VALIDATORS, Pace, Source, Validators
from ingestd.policy.polling.doubt import (
    DISTRUST,
    MAX_WAIT,
    MIN_WAIT,
    distrusts_validators,
    doubts_silence,
    proves_false,
)

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
ETAG = Validators(etag='"1"')
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def source(
    *,
    rate: float = 1.0,
    dispersion: float = 1.0,
    full: timedelta | None = None,
    new: timedelta | None = None,
    read: timedelta | None = None,
    success: timedelta = timedelta(minutes=10),
) -> Source:
    """Return a source of `rate` entries an hour; the times are ago."""
    arrivals = rate * 100
    return Source(
        id=1,
        url="https://paper.example/feed",
        validators=ETAG,
        pace=Pace(arrivals=arrivals, hours=100.0, squares=arrivals * dispersion),
        full_answer_at=NOW - full if full else None,
        last_new_at=NOW - new if new else None,
        last_read_at=NOW - read if read else None,
        last_success_at=NOW - success,
    )


@pytest.mark.parametrize(
    ("found", "doubted"),
    [
        pytest.param(source(full=HOUR, new=HOUR), False, id="an hour"),
        pytest.param(source(full=5 * HOUR, new=5 * HOUR, rate=50), False, id="never before six hours"),
        pytest.param(source(full=6 * HOUR, new=6 * HOUR, rate=50), True, id="a fast source after six hours"),
        pytest.param(source(full=6 * HOUR, new=6 * HOUR), False, id="six entries missing may be chance"),
        pytest.param(source(full=8 * HOUR, new=8 * HOUR), True, id="eight are not"),
        pytest.param(source(full=8 * HOUR, new=8 * HOUR, dispersion=8), False, id="eight in one burst may be"),
        pytest.param(source(full=DAY, new=DAY, rate=0.1), False, id="a slow source after a day"),
        pytest.param(source(full=4 * DAY, new=4 * DAY, rate=0.1), True, id="a slow source after four days"),
        pytest.param(source(full=7 * DAY, new=7 * DAY, rate=0.001), False, id="one that hardly publishes"),
        pytest.param(source(full=8 * DAY, new=8 * DAY, rate=0.001), True, id="any source after eight days"),
        pytest.param(source(full=7 * HOUR, new=16 * HOUR, rate=50), False, id="asked in full seven hours ago"),
        pytest.param(source(full=8 * HOUR, new=16 * HOUR, rate=50), True, id="half of the silence ago"),
        pytest.param(source(full=7 * DAY, new=100 * DAY, rate=50), False, id="a dead source within eight days"),
        pytest.param(source(full=8 * DAY, new=100 * DAY, rate=50), True, id="a dead source after eight days"),
        pytest.param(source(read=9 * HOUR, rate=5), True, id="a source of an earlier release"),
        pytest.param(source(), False, id="never read"),
    ],
)
def test_a_silence_is_doubted_when_the_pace_makes_it_unlikely(found: Source, doubted: bool) -> None:
    assert doubts_silence(found, NOW) is doubted


def test_a_silent_source_is_asked_in_full_less_and_less_often() -> None:
    """Four times in the first four days, then once in eight days at most."""
    at, asked = NOW, list[timedelta]()
    silent = source(full=timedelta(minutes=1), new=timedelta(minutes=1), rate=50)
    while at < NOW + 40 * DAY:
        at += timedelta(minutes=10)
        if doubts_silence(silent, at):
            asked.append(at - NOW)
            silent = Source(**{name: getattr(silent, name) for name in Source.__slots__} | {"full_answer_at": at})

    assert len([one for one in asked if one < 4 * DAY]) == 4  # after about 6, 12, 24 and 48 hours
    assert len(asked) == 9
    assert all(later - earlier >= MIN_WAIT for earlier, later in pairwise(asked))
    assert asked[-1] - asked[-2] == MAX_WAIT


def entry(ago: timedelta | None) -> Entry:
    return Entry(guid="1", published=NOW - ago if ago else None)


@pytest.mark.parametrize(
    ("found", "validators", "new", "false"),
    [
        pytest.param(source(full=DAY), ETAG, [entry(None)], True, id="the same validators"),
        pytest.param(source(full=DAY), ETAG, [], False, id="nothing new"),
        pytest.param(source(full=DAY), Validators(etag='"2"'), [entry(None)], False, id="news just now"),
        pytest.param(source(full=DAY), Validators(etag='"2"'), [entry(5 * HOUR)], True, id="an old entry"),
        pytest.param(source(full=DAY), NO_VALIDATORS, [entry(5 * HOUR)], True, id="no validators any more"),
        pytest.param(source(full=DAY), Validators(etag='"2"'), [entry(15 * timedelta(minutes=1))], False, id="fresh"),
        pytest.param(
            source(full=timedelta(minutes=10)), Validators(etag='"2"'), [entry(5 * HOUR)], False, id="no 304 since"
        ),
        pytest.param(source(full=timedelta(minutes=10)), ETAG, [entry(5 * HOUR)], True, id="still the same"),
    ],
)
def test_new_entries_that_a_304_denied_prove_it_false(
    found: Source, validators: Validators, new: list[Entry], false: bool
) -> None:
    assert proves_false(found, validators, tuple(new)) is false


def test_distrust_ends() -> None:
    found = Source(id=1, url="https://paper.example/feed", distrusted_until=NOW)

    assert distrusts_validators(found, NOW - DISTRUST)
    assert not distrusts_validators(found, NOW)
