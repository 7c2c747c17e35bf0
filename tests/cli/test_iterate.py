from collections.abc import AsyncGenerator

from ingestd.cli.iterate import iterate


class Pages:
    """Yields pages of numbers, and counts them."""

    def __init__(self, *pages: list[int]) -> None:
        self.pages = pages
        self.read = 0
        self.closed = False

    async def __call__(self) -> AsyncGenerator[list[int], None]:
        try:
            for page in self.pages:
                self.read += 1
                yield page
        finally:
            self.closed = True


def test_the_items_of_pages_are_iterated_over_and_each_page_is_read_when_it_is_needed() -> None:
    pages = Pages([1, 2], [], [3], [4])
    items = iterate(pages())

    assert [next(items), next(items)] == [1, 2]
    assert pages.read == 1
    assert list(items) == [3, 4]
    assert pages.closed


def test_pages_are_closed_when_nobody_wants_more() -> None:
    pages = Pages([1, 2], [3])
    items = iterate(pages())
    next(items)
    items.close()  # type: ignore[attr-defined]

    assert (pages.read, pages.closed) == (1, True)
