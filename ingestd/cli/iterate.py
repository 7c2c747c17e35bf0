"""Iterate over what is read asynchronously, without keeping all of it."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import TypeVar

T = TypeVar("T")


def iterate(items: AsyncGenerator[T, None]) -> Iterator[T]:
    """Yield the items of an asynchronous generator, which runs in an event loop of its own and is closed at the end."""

    async def following() -> T | None:
        return await anext(items, None)

    with asyncio.Runner() as runner:
        try:
            while (item := runner.run(following())) is not None:
                yield item
        finally:
            runner.run(items.aclose())
