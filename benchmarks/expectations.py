"""Expectations of a run: what a benchmark must have done for its figures to mean anything.

A benchmark whose polls failed, whose rows are missing or whose extractors were idle measured something else.  It raises
`Unexpected`, which `run` prints as one sentence, and ends with exit status 1.
"""

import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import func, select

from ingestd.daemon.service import Service
from ingestd.store.schema import tables

#: The least share of samples in which every extractor was at work.
BUSY_SHARE = 0.9


class Unexpected(Exception):
    """The run was not what it should have been, so its figures are of no use."""


def run(main: Callable[[], None]) -> None:
    """Run a benchmark; prints what was unexpected, and ends with exit status 1."""
    try:
        main()
    except* Unexpected as errors:
        sys.stdout.flush()
        for error in _leaves(errors):
            print(f"{Path(sys.argv[0]).name}: {error}", file=sys.stderr)
        sys.exit(1)


def _leaves(error: BaseException) -> list[BaseException]:
    return [one for some in error.exceptions for one in _leaves(some)] if isinstance(error, ExceptionGroup) else [error]


def expect(what: str, found: object, wanted: object) -> None:
    """Raise Unexpected unless both are equal."""
    if found != wanted:
        raise Unexpected(f"{what}: expected {wanted}, found {found}; nothing was measured")


class Outcomes:
    """The outcomes of a service since this object was made."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._before = self._totals()

    def _totals(self) -> dict[str, Counter[object]]:
        state, pool = self._service.service_state, self._service.runtime.pool
        return {
            "polls": Counter(state.polls_done),
            "entries": Counter(state.entries_done),
            "failures": Counter(state.failures),
            "workers lost": Counter({"died": pool.deaths, "timed out": pool.timeouts, "stalled": pool.stalls}),
        }

    def of(self, kind: str) -> dict[object, int]:
        """Return the counts of a kind since then: polls, entries, failures, workers lost."""
        return dict(self._totals()[kind] - self._before[kind])

    def expect(self, *, polls: Mapping[str, int], entries: Mapping[str, int] | None = None) -> None:
        """Raise Unexpected unless these were all outcomes, and nothing failed."""
        self.expect_no_failure()
        expect("outcomes of polls", self.of("polls"), dict(polls))
        expect("outcomes of entries", self.of("entries"), dict(entries or {}))

    def expect_no_failure(self) -> None:
        """Raise Unexpected if a poll, a page or a worker has failed."""
        expect("failures by stage and error", self.of("failures"), {})
        expect("workers lost", self.of("workers lost"), {})


async def expect_rows(service: Service, **counts: int) -> None:
    """Raise Unexpected unless the tables have these numbers of rows, and none is a failure."""
    async with service.runtime.database.read() as connection:
        for name, wanted in {"failures": 0, **counts}.items():
            query = select(func.count()).select_from(getattr(tables, name))
            expect(f"rows of {name}", (await connection.execute(query)).scalar_one(), wanted)


class BusyExtractors:
    """Samples of whether every extractor is at work."""

    def __init__(self, service: Service, processes: int) -> None:
        self._pool, self._processes = service.runtime.pool, processes
        self._done = self._pool.done
        self.samples = self.busy = 0

    def sample(self) -> bool:
        """Take a sample; returns whether every extractor is at work."""
        is_busy = self._pool.busy >= self._processes
        self.samples += 1
        self.busy += is_busy
        return is_busy

    def expect(self, jobs: int) -> None:
        """Raise Unexpected unless the extractors were nearly always at work and have done at least `jobs`."""
        if self.busy < BUSY_SHARE * self.samples or self._pool.done - self._done < jobs:
            raise Unexpected(
                f"all {self._processes} extractors were at work in {self.busy} of {self.samples} samples and did "
                f"{self._pool.done - self._done} jobs of {jobs}; the load was not full"
            )
