"""Look things up in batches: questions that come while one transaction reads are answered together in the next."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import StoreUnavailable
from ingestd.store.database import Database

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(eq=False, slots=True)
class _Asked(Generic[Q, A]):
    question: Q
    #: Its answer, alone; empty: it has none yet.
    answers: list[A] = field(default_factory=list)
    error: Exception | None = None


class Lookups(Generic[Q, A]):
    """Answers questions with `look_up`, which returns an answer for each of some questions, in order.

    An answer is from a transaction that began after the question was asked.  No question waits for others to come: what
    is asked alone is answered at once.  A question that the database refuses fails alone; while the database is
    unavailable, all fail.
    """

    def __init__(
        self,
        database: Database,
        look_up: Callable[[AsyncConnection, Sequence[Q]], Awaitable[Sequence[A]]],
        *,
        max_questions: int = 200,
    ) -> None:
        self._database = database
        self._look_up = look_up
        self._max_questions = max_questions
        self._waiting: list[_Asked[Q, A]] = []
        self._reading = asyncio.Lock()

    async def ask(self, question: Q) -> A:
        """Return the answer to a question; raises StoreError, of the class that `database_errors` gives it."""
        asked = _Asked[Q, A](question)
        self._waiting.append(asked)
        try:
            async with self._reading:
                await asyncio.sleep(0)  # others that ask in this turn of the event loop are answered as well
                # Whoever comes first reads for all that wait; if it is cancelled, the next one does.
                while not asked.answers and asked.error is None:
                    await self._answer(self._waiting[: self._max_questions])
        finally:
            if asked in self._waiting:
                self._waiting.remove(asked)
        if asked.error is not None:
            raise asked.error
        return asked.answers[0]

    async def _answer(self, some: Sequence[_Asked[Q, A]]) -> None:
        try:
            async with self._database.read() as connection:
                found = await self._look_up(connection, [one.question for one in some])
        except Exception as error:  # noqa: BLE001 - handed to whoever asked
            if len(some) > 1 and not isinstance(error, StoreUnavailable):
                for one in some:
                    await self._answer([one])
                return
            for one in some:
                one.error = error
        else:
            for one, answer in zip(some, found, strict=True):
                one.answers.append(answer)
        answered = set(map(id, some))
        self._waiting = [one for one in self._waiting if id(one) not in answered]
