"""Compare three rules for when to poll: 10,000 sources over 30 days of a virtual clock.

"ours" is the rule of the daemon (`ingestd.policy`) with default settings.  The others poll every source once an hour,
or at half the mean gap between the entries in its document, as many readers do, with the same floor and ceiling.

The sources are invented: rates are log-normal (median one entry in eight hours, between one a minute and one a month),
lower at night and at weekends; a third of the sources publish in batches; windows hold 10 to 100 entries.  A delay is
the time from publication to the poll that lists the entry; "missed" counts entries dropped from the window unseen.

    python benchmarks/cadence.py [--sources 10000] [--days 30] [--seed 1]
"""

import argparse
import math
import os
import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import NamedTuple

from ingestd.policy.polling.cadence import MAX_WAIT, next_poll
from ingestd.policy.polling.overlap import Overlap, may_have_lost
from ingestd.policy.polling.pace import first_pace, pace_after, poll_wait
from ingestd.settings import Settings

START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAY = 86_400.0

# Relative rate by hour of the day (UTC), mean 1; and the factor for weekends.
_HOURS = [
    0.2,
    0.2,
    0.2,
    0.2,
    0.3,
    0.6,
    1.0,
    1.4,
    1.7,
    1.8,
    1.8,
    1.7,
    1.5,
    1.5,
    1.6,
    1.7,
    1.6,
    1.4,
    1.1,
    0.9,
    0.7,
    0.5,
    0.3,
    0.1,
]
_WEEKEND = 0.5

# The width of a bin of delays, in seconds.
_BIN = 10


class Publisher(NamedTuple):
    """A source: the publication times of its entries (seconds, in order) and the size of its window."""

    times: list[float]
    window: int


class PollView(NamedTuple):
    """The input of a rule at a poll: the time (seconds since the start), and numbers of entries now and before."""

    at: float
    elapsed: float
    times: list[float]
    window: int
    count: int
    before: int
    #: The index of the first entry of the latest batch of new ones.
    latest: int


Rule = Callable[[PollView], float]


class Score(NamedTuple):
    """The result of a rule."""

    polls: int
    seen: int
    missed: int
    delays: Counter[int]


def make_publisher(rng: random.Random, days: float) -> Publisher:
    """Return an invented source."""
    rate = min(60.0, max(1 / 720, rng.lognormvariate(math.log(1 / 8), 1.8)))
    batch = rng.choice((2, 5, 10)) if rng.random() < 1 / 3 else 1
    # The week before the start fills the window.
    times, at = [], -7 * DAY
    most = max(_HOURS) * rate / batch / 3600
    while (at := at + rng.expovariate(most)) < days * DAY:
        now = START + timedelta(seconds=at)
        share = _HOURS[now.hour] * (_WEEKEND if now.weekday() >= 5 else 1.0) / max(_HOURS)
        if rng.random() < share:
            # A batch is published within minutes.
            times += [at + rng.uniform(0, 300) for _ in range(batch)]
    return Publisher(sorted(times), rng.choice((10, 15, 20, 25, 30, 50, 100)))


def hourly(_publisher: Publisher, _rng: random.Random) -> Rule:
    """Return the rule that polls every hour."""
    return lambda _view: 3600.0


def half_the_gap(_publisher: Publisher, _rng: random.Random) -> Rule:
    """Return the rule that waits half the mean time between the entries of the document."""
    floor = Settings().interval_floor

    def wait(view: PollView) -> float:
        shown = view.times[max(0, view.count - view.window) : view.count]
        if len(shown) < 2:
            return MAX_WAIT
        return min(MAX_WAIT, max(floor, (shown[-1] - shown[0]) / (len(shown) - 1) / 2))

    return wait


def ours(publisher: Publisher, rng: random.Random) -> Rule:
    """Return the rule of the daemon, as `ingestd.pipeline.poll` applies it."""
    settings, pace = Settings(), None

    def wait(view: PollView) -> float:
        nonlocal pace
        first = max(0, view.count - view.window)
        now = START + timedelta(seconds=view.at)
        new = view.count - max(first, view.before)
        listed = view.count - first
        if pace is None:
            pace = first_pace((START + timedelta(seconds=time) for time in view.times[first : view.count]), now)
            seconds = poll_wait(pace, base=settings.interval, window=listed, new=0, elapsed=0.0)
        else:
            pace = pace_after(pace, new=new, elapsed=view.elapsed)
            shared = max(0, view.before - first)
            latest = max(0, view.before - max(first, view.latest))
            overlap = Overlap(listed=listed, known=shared, shared=shared, shared_latest=latest)
            lost = new > 0 and may_have_lost(overlap, window=min(publisher.window, view.before))
            seconds = poll_wait(
                pace, base=settings.interval, window=listed, new=new, elapsed=view.elapsed, lost=lost
            )  # fmt: skip
        due = next_poll(now, wait=seconds, floor=settings.interval_floor, jitter=rng.random())
        return (due - now).total_seconds()

    return wait


RULES = {"every hour": hourly, "half the mean gap": half_the_gap, "ours": ours}


def simulate(publisher: Publisher, rule: Rule, days: float, rng: random.Random) -> Score:
    """Poll a source by a rule until the end."""
    at = rng.uniform(0, 3600)  # sources are not added all at once
    before = latest = bisect_right(publisher.times, at)
    wait = rule(PollView(at, 0.0, publisher.times, publisher.window, before, before, latest))
    polls, seen, missed, delays = 1, 0, 0, Counter[int]()
    while (at := at + wait) < days * DAY:
        count = bisect_right(publisher.times, at, before)
        there = max(before, count - publisher.window)
        polls, seen, missed = polls + 1, seen + count - there, missed + there - before
        delays.update(int((at - time) / _BIN) for time in publisher.times[there:count])
        wait_before = wait
        wait = rule(PollView(at, wait_before, publisher.times, publisher.window, count, before, latest))
        if count > before:
            before, latest = count, there
    return Score(polls, seen, missed, delays)


def score_batch(seeds: range, days: float) -> dict[str, Score]:
    """Simulate a batch of sources by each rule."""
    total = {name: Score(0, 0, 0, Counter()) for name in RULES}
    for seed in seeds:
        source = make_publisher(random.Random(seed), days)
        for name, make_rule in RULES.items():
            rng = random.Random(seed)
            total[name] = _sum(total[name], simulate(source, make_rule(source, rng), days, rng))
    return total


def _sum(one: Score, other: Score) -> Score:
    one.delays.update(other.delays)
    return Score(one.polls + other.polls, one.seen + other.seen, one.missed + other.missed, one.delays)


def quantile(delays: Counter[int], share: float) -> float:
    """Return a quantile of delays in minutes."""
    bins = sorted(delays)
    sums = accumulate(delays[number] for number in bins)
    wanted = share * delays.total()
    return next(number for number, so_far in zip(bins, sums, strict=True) if so_far >= wanted) * _BIN / 60


def score_all(sources: int, days: float, seed: int) -> Iterator[dict[str, Score]]:
    """Simulate all sources on all CPUs; yield the scores of each batch."""
    first, step = seed * 1_000_000, 250
    ranges = [range(first + at, first + min(at + step, sources)) for at in range(0, sources, step)]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield from pool.map(score_batch, ranges, [days] * len(ranges))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--days", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    total = {name: Score(0, 0, 0, Counter()) for name in RULES}
    for scores in score_all(given.sources, given.days, given.seed):
        total = {name: _sum(total[name], score) for name, score in scores.items()}
    fixed = total["every hour"].polls
    print(f"{'rule':20}{'polls':>12}{'of hourly':>11}{'median min':>12}{'p90 min':>9}{'seen':>11}{'missed':>9}")
    for name, score in total.items():
        middle, high = quantile(score.delays, 0.5), quantile(score.delays, 0.9)
        print(
            f"{name:20}{score.polls:12,}{score.polls / fixed:11.2f}"
            f"{middle:12.1f}{high:9.1f}{score.seen:11,}{score.missed:9,}"
        )


if __name__ == "__main__":
    main()
