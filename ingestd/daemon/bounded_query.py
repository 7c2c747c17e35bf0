"""A question to a database that may hang, for those who must answer all the same."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import monotonic
from typing import Generic, TypeVar

import structlog

from ingestd.errors import StoreError, StoreUnavailable

T = TypeVar("T")

log = structlog.get_logger(__name__)

#: How long a question is waited for (seconds): health has one second for its whole answer.
PATIENCE = 0.8

#: When a question is given up, so that the next can be asked (seconds): a database that hangs holds one
#: connection for each question, and one that came back must not be taken for dead because of an old one.
_GIVEN_UP = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """What the database said, and when."""

    value: T
    at: datetime
    #: Monotonic, in seconds.
    since: float


class BoundedQuery(Generic[T]):
    """One question, under way at most once however many ask it; `last` is the last answer, if there was one."""

    def __init__(self, question: Callable[[], Awaitable[T]]) -> None:
        self._question = question
        self._under_way: asyncio.Task[Answer[T] | StoreError] | None = None
        self.last: Answer[T] | None = None

    async def ask(self, *, fresh: float) -> Answer[T]:
        """Return an answer at most `fresh` seconds old; who gives up waiting leaves the question under way.

        Raises StoreError when the database has none, StoreUnavailable when it did not answer within PATIENCE.
        The messages are for everyone: what the driver said is in the log only.
        """
        if self.last and monotonic() - self.last.since <= fresh:
            return self.last
        if self._under_way is None or self._under_way.done():
            self._under_way = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait([under_way := self._under_way], timeout=PATIENCE)
        if not done:
            raise StoreUnavailable(f"the database did not answer within {PATIENCE} s")
        answer = under_way.result()
        if isinstance(answer, StoreError):
            raise answer
        return answer

    async def _ask(self) -> Answer[T] | StoreError:
        try:
            async with asyncio.timeout(_GIVEN_UP):
                value = await self._question()
        except (StoreError, TimeoutError) as error:
            log.warning("database gives no figures", error=str(error) or f"no answer within {_GIVEN_UP:.0f} s")
            return StoreUnavailable("the database cannot be used; the log says why")
        self.last = Answer(value=value, at=datetime.now(UTC), since=monotonic())
        return self.last

    async def close(self) -> None:
        """Take the question back; a database that does not even answer to that is not waited for."""
        if self._under_way and not self._under_way.done():
            self._under_way.cancel()
            await asyncio.wait([self._under_way], timeout=PATIENCE)
