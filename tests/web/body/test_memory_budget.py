"""Memory budget for bodies: bounded, first come first served, free of deadlock."""

import asyncio

import pytest

from ingestd.web.body.memory_budget import SMALL_BODY, SMALL_BUDGET, BudgetLane, MemoryBudget


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_reservation_waits_until_another_is_released() -> None:
    memory_budget = MemoryBudget(10 * SMALL_BODY)
    with memory_budget.reservation() as first:
        await first.reserve(6 * SMALL_BODY)
        with memory_budget.reservation() as second:
            waiting = asyncio.create_task(second.reserve(5 * SMALL_BODY))
            await settled()
            assert not waiting.done()
            first.release()
            await waiting
            assert memory_budget.lane(5 * SMALL_BODY).free == 5 * SMALL_BODY

    assert memory_budget.lane(5 * SMALL_BODY).free == 10 * SMALL_BODY


async def test_small_bodies_do_not_wait_for_large_ones() -> None:
    memory_budget = MemoryBudget(2 * SMALL_BODY)
    with memory_budget.reservation() as large, memory_budget.reservation() as small:
        await large.reserve(2 * SMALL_BODY)
        await small.reserve(SMALL_BODY)

        assert (memory_budget.lane(SMALL_BODY).free, memory_budget.lane(2 * SMALL_BODY).free) == (
            SMALL_BUDGET - SMALL_BODY,
            0,
        )


async def test_a_reservation_releases_its_body_before_it_waits_for_the_next() -> None:
    """Two tasks that each kept a body and waited for memory for another would wait for each other."""
    memory_budget = MemoryBudget(4 * SMALL_BODY)
    with memory_budget.reservation() as one, memory_budget.reservation() as other:
        await one.reserve(2 * SMALL_BODY)
        await other.reserve(2 * SMALL_BODY)

        waiting = asyncio.create_task(one.reserve(4 * SMALL_BODY))
        await settled()
        assert memory_budget.lane(2 * SMALL_BODY).free == 2 * SMALL_BODY
        other.release()
        await asyncio.wait_for(waiting, 60)


async def test_a_small_request_does_not_overtake_a_larger_one_that_waits() -> None:
    lane, order = BudgetLane(10), []

    async def acquire(size: int) -> None:
        await lane.acquire(size)
        order.append(size)
        lane.release(size)

    await lane.acquire(8)
    tasks = [asyncio.create_task(acquire(size)) for size in (9, 2)]
    await settled()
    assert order == []
    lane.release(8)
    await asyncio.gather(*tasks)

    assert order == [9, 2]


async def test_a_cancelled_request_does_not_block_those_behind_it() -> None:
    lane = BudgetLane(10)
    await lane.acquire(8)
    first, second = asyncio.create_task(lane.acquire(9)), asyncio.create_task(lane.acquire(2))
    await settled()
    first.cancel()

    assert await asyncio.wait_for(second, 60) == 2
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_a_body_larger_than_the_lane_acquires_the_whole_lane() -> None:
    lane = BudgetLane(10)

    assert await lane.acquire(11) == 10
