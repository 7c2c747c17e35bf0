"""Room for bodies: bounded, in order, and no deadlock."""

import asyncio

import pytest

from ingestd.web.body.memory_budget import FOR_SMALL, SMALL, BudgetLane, MemoryBudget


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_who_does_not_fit_waits_until_somebody_leaves() -> None:
    memory_budget = MemoryBudget(10 * SMALL)
    with memory_budget.reservation() as first:
        await first.take(6 * SMALL)
        with memory_budget.reservation() as second:
            waiting = asyncio.create_task(second.take(5 * SMALL))
            await settled()
            assert not waiting.done()
            first.leave()
            await waiting
            assert memory_budget.lane(5 * SMALL).free == 5 * SMALL

    assert memory_budget.lane(5 * SMALL).free == 10 * SMALL


async def test_small_ones_wait_for_no_large_one() -> None:
    memory_budget = MemoryBudget(2 * SMALL)
    with memory_budget.reservation() as large, memory_budget.reservation() as small:
        await large.take(2 * SMALL)
        await small.take(SMALL)

        assert (memory_budget.lane(SMALL).free, memory_budget.lane(2 * SMALL).free) == (FOR_SMALL - SMALL, 0)


async def test_the_room_of_one_body_is_given_back_before_it_waits_for_the_next() -> None:
    """Two who each keep one body and wait for room for another would wait for each other."""
    memory_budget = MemoryBudget(4 * SMALL)
    with memory_budget.reservation() as one, memory_budget.reservation() as other:
        await one.take(2 * SMALL)
        await other.take(2 * SMALL)

        waiting = asyncio.create_task(one.take(4 * SMALL))
        await settled()
        assert memory_budget.lane(2 * SMALL).free == 2 * SMALL
        other.leave()
        await asyncio.wait_for(waiting, 5)


async def test_a_small_one_does_not_slip_in_before_a_larger_one_that_waits() -> None:
    lane, order = BudgetLane(10), []

    async def take(size: int) -> None:
        await lane.take(size)
        order.append(size)
        lane.give_back(size)

    await lane.take(8)
    tasks = [asyncio.create_task(take(size)) for size in (9, 2)]
    await settled()
    assert order == []
    lane.give_back(8)
    await asyncio.gather(*tasks)

    assert order == [9, 2]


async def test_who_stops_waiting_holds_up_nobody() -> None:
    lane = BudgetLane(10)
    await lane.take(8)
    impatient, patient = asyncio.create_task(lane.take(9)), asyncio.create_task(lane.take(2))
    await settled()
    impatient.cancel()

    assert await asyncio.wait_for(patient, 5) == 2
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_what_is_larger_than_the_room_has_all_of_it() -> None:
    lane = BudgetLane(10)

    assert await lane.take(11) == 10
