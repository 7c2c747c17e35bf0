"""Questions that come while a transaction reads are answered together in the next one."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreError
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.lookups import Lookups


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with Database(with_async_driver(database_url)) as database:
        yield database


class Doubler:
    """Doubles numbers with a statement of the database; notes the questions of each transaction."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.begun = asyncio.Event()

    async def look_up(self, connection: AsyncConnection, numbers: Sequence[int]) -> list[int]:
        self.asked.append([*numbers])
        self.begun.set()
        if -1 in numbers:
            await connection.execute(text("SELECT nothing FROM nowhere"))
        return [(await connection.execute(text("SELECT 2 * :one"), {"one": one})).scalar_one() for one in numbers]


async def test_questions_asked_together_take_one_transaction(database: Database) -> None:
    doubler = Doubler()
    lookups = Lookups(database, doubler.look_up)

    answers = await asyncio.gather(*map(lookups.ask, range(20)))

    assert answers == [2 * number for number in range(20)]
    assert doubler.asked == [[*range(20)]]


async def test_an_answer_is_from_a_transaction_that_began_after_the_question(database: Database) -> None:
    doubler = Doubler()
    lookups = Lookups(database, doubler.look_up)
    first = asyncio.create_task(lookups.ask(1))
    await doubler.begun.wait()

    assert await asyncio.gather(lookups.ask(1), lookups.ask(2)) == [2, 4]

    assert await first == 2
    assert doubler.asked == [[1], [1, 2]]


async def test_a_transaction_answers_a_limited_number_of_questions(database: Database) -> None:
    doubler = Doubler()

    await asyncio.gather(*map(Lookups(database, doubler.look_up, max_questions=8).ask, range(20)))

    assert sorted(map(len, doubler.asked)) == [4, 8, 8]


async def test_a_question_that_the_database_refuses_fails_alone(database: Database) -> None:
    lookups = Lookups(database, Doubler().look_up)

    answers = await asyncio.gather(*map(lookups.ask, (1, -1, 2)), return_exceptions=True)

    assert answers[::2] == [2, 4]
    assert isinstance(answers[1], StoreError)


async def test_who_is_cancelled_while_it_reads_for_others_leaves_them_their_answers(database: Database) -> None:
    doubler = Doubler()
    lookups = Lookups(database, doubler.look_up)
    first = asyncio.create_task(lookups.ask(1))
    await asyncio.sleep(0)
    others = [asyncio.create_task(lookups.ask(number)) for number in (2, 3)]
    await doubler.begun.wait()

    first.cancel()
    others[0].cancel()

    assert await asyncio.wait_for(others[1], 60) == 6
    with pytest.raises(asyncio.CancelledError):
        await first
