import asyncio

import pytest

from ingestd.daemon.bounded_query import WAIT, BoundedQuery
from ingestd.errors import StoreError, StoreUnavailable


class Question:
    """Counts how often it was asked, and answers when it may."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()
        self.error: StoreError | None = None

    async def __call__(self) -> int:
        self.asked += 1
        asked = self.asked
        await self.may_answer.wait()
        if self.error:
            raise self.error
        return asked


async def test_who_asks_at_once_shares_one_question() -> None:
    question = Question()
    inquiry = BoundedQuery(question)
    question.may_answer.set()

    answers = await asyncio.gather(*(inquiry.result(max_age=0.0) for _ in range(5)))

    assert [answer.value for answer in answers] == [1] * 5


async def test_a_fresh_answer_is_not_asked_for_again() -> None:
    question = Question()
    inquiry = BoundedQuery(question)
    question.may_answer.set()

    assert (await inquiry.result(max_age=60.0)).value == 1
    assert (await inquiry.result(max_age=60.0)).value == 1
    assert (await inquiry.result(max_age=0.0)).value == 2


async def test_a_question_without_an_answer_is_not_asked_twice_and_may_still_be_answered() -> None:
    question = Question()
    inquiry = BoundedQuery(question)

    refusals = await asyncio.gather(*(inquiry.result(max_age=0.0) for _ in range(5)), return_exceptions=True)
    late = asyncio.create_task(inquiry.result(max_age=0.0))
    question.may_answer.set()

    assert {str(refusal) for refusal in refusals} == {f"the database did not answer within {WAIT} s"}
    assert (await late).value == 1


async def test_what_the_driver_said_is_not_passed_on() -> None:
    question = Question()
    inquiry = BoundedQuery(question)
    question.error = StoreError("password authentication failed for user wire at db.example")
    question.may_answer.set()

    with pytest.raises(StoreUnavailable, match=r"^the database is unavailable; see the log$"):
        await inquiry.result(max_age=60.0)
    question.error = None

    assert (await inquiry.result(max_age=60.0)).value == 2


async def test_a_mistake_of_ours_is_no_state_of_the_database() -> None:
    async def mistaken() -> int:
        raise LookupError("no such column")

    with pytest.raises(LookupError):
        await BoundedQuery(mistaken).result(max_age=0.0)


async def test_a_closed_inquiry_leaves_no_task_behind() -> None:
    inquiry = BoundedQuery(Question())
    with pytest.raises(StoreUnavailable):
        await inquiry.result(max_age=0.0)

    await inquiry.close()

    assert asyncio.all_tasks() == {asyncio.current_task()}
