import asyncio

import pytest

from ingestd.daemon import bounded_query
from ingestd.daemon.bounded_query import WAIT, BoundedQuery
from ingestd.errors import StoreError, StoreUnavailable


class CountedQuery:
    """Counts its calls, and returns once `may_answer` is set."""

    def __init__(self) -> None:
        self.calls = 0
        self.may_answer = asyncio.Event()
        self.error: StoreError | None = None

    async def __call__(self) -> int:
        self.calls += 1
        calls = self.calls
        await self.may_answer.wait()
        if self.error:
            raise self.error
        return calls


async def test_concurrent_callers_share_one_query() -> None:
    query = CountedQuery()
    bounded = BoundedQuery(query)
    query.may_answer.set()

    answers = await asyncio.gather(*(bounded.result(max_age=0.0) for _ in range(5)))

    assert [answer.value for answer in answers] == [1] * 5


async def test_a_recent_result_is_not_queried_again() -> None:
    query = CountedQuery()
    bounded = BoundedQuery(query)
    query.may_answer.set()

    assert (await bounded.result(max_age=60.0)).value == 1
    assert (await bounded.result(max_age=60.0)).value == 1
    assert (await bounded.result(max_age=0.0)).value == 2


async def test_a_slow_query_is_not_started_twice_and_its_late_result_is_used() -> None:
    query = CountedQuery()
    bounded = BoundedQuery(query)

    refusals = await asyncio.gather(*(bounded.result(max_age=0.0) for _ in range(5)), return_exceptions=True)
    late = asyncio.create_task(bounded.result(max_age=0.0))
    query.may_answer.set()

    assert {str(refusal) for refusal in refusals} == {f"the database did not answer within {WAIT} s"}
    assert (await late).value == 1


async def test_the_drivers_error_is_not_passed_on() -> None:
    query = CountedQuery()
    bounded = BoundedQuery(query)
    query.error = StoreError("password authentication failed for user wire at db.example")
    query.may_answer.set()

    with pytest.raises(StoreUnavailable, match=r"^the database is unavailable; see the log$"):
        await bounded.result(max_age=60.0)
    query.error = None

    assert (await bounded.result(max_age=60.0)).value == 2


async def test_a_programming_error_is_raised_as_it_is() -> None:
    async def mistaken() -> int:
        raise LookupError("no such column")

    with pytest.raises(LookupError):
        await BoundedQuery(mistaken).result(max_age=0.0)


async def test_close_leaves_no_task_behind() -> None:
    bounded = BoundedQuery(CountedQuery())
    with pytest.raises(StoreUnavailable):
        await bounded.result(max_age=0.0)

    await bounded.close()

    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_query_that_takes_long_runs_a_small_part_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_query, "WAIT", 60.0)
    query = CountedQuery()
    bounded = BoundedQuery(query)
    slow = asyncio.create_task(bounded.result(max_age=0.0, max_load=0.01))
    await asyncio.sleep(0.2)
    query.may_answer.set()
    assert (await slow).value == 1

    # It took at least 0.2 s, so it rests for 20 s.
    assert (await bounded.result(max_age=0.0, max_load=0.01)).value == 1
    assert (await bounded.result(max_age=0.0)).value == 2


async def test_a_query_that_never_ends_is_not_started_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounded_query, "_QUERY_TIMEOUT", 0.2)
    monkeypatch.setattr(bounded_query, "WAIT", 60.0)
    query = CountedQuery()
    bounded = BoundedQuery(query)

    with pytest.raises(StoreUnavailable, match="the database is unavailable"):
        await bounded.result(max_age=0.0, max_load=0.01)
    with pytest.raises(StoreUnavailable, match=r"took \d+ s without a result; next try in \d+ s"):
        await bounded.result(max_age=0.0, max_load=0.01)

    assert query.calls == 1


async def test_one_slow_run_keeps_old_results_for_two_minutes_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    now, takes, value = 0.0, 0.0, 1
    monkeypatch.setattr(bounded_query, "monotonic", lambda: now)

    async def query() -> int:
        nonlocal now
        now += takes
        return value

    bounded = BoundedQuery(query, timeout=300)
    assert (await bounded.latest(max_age=0.5, max_load=0.02)).value == 1
    now, takes = now + 10, 60.0  # a statement that locks the tables, or a disk that stalls
    await bounded.latest(max_age=0.5, max_load=0.02)
    now, takes, value = now + 1, 0.01, 2
    began = now
    while (await bounded.latest(max_age=0.5, max_load=0.02)).value != 2:
        assert now - began < 300
        now += 1
        await asyncio.sleep(0)
