"""Iterate over what is read asynchronously, without keeping all of it."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def iterate(pages: AsyncGenerator[Sequence[T], None]) -> Iterator[T]:
    """Yield the items of pages, which an event loop of their own reads one at a time and closes at the end.

    Pages, because a visit to the event loop takes longer than all else that is done with an item.
    """

    async def following() -> Sequence[T] | None:
        return await anext(pages, None)

    with asyncio.Runner() as runner:
        try:
            while (page := runner.run(following())) is not None:
                yield from page
        finally:
            runner.run(pages.aclose())
