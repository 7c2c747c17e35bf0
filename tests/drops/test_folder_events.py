import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from ingestd.drops.folder_events import FolderEvent, FolderEvents
from tests.support.dropping import drop, write


async def next_of(arrivals: FolderEvents, act: Callable[[], object]) -> FolderEvent:
    act()
    return await asyncio.wait_for(anext(aiter(arrivals)), 10)


async def test_what_is_moved_is_told_from_what_is_closed(tmp_path: Path) -> None:
    with FolderEvents() as arrivals:
        arrivals.watch({7: tmp_path})

        assert await next_of(arrivals, lambda: write(tmp_path, "a.xml", b"x")) == FolderEvent(7, "a.xml", moved=False)
        write(tmp_path, "b.xml.tmp", b"x")
        renamed = await next_of(arrivals, lambda: (tmp_path / "b.xml.tmp").rename(tmp_path / "b.xml"))
        assert renamed == FolderEvent(7, "b.xml", moved=True)


async def test_a_folder_that_was_made_anew_is_watched_again_and_one_that_is_dropped_is_not(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    with FolderEvents() as arrivals:
        arrivals.watch({1: one, 2: two, 3: tmp_path / "none"})
        shutil.rmtree(one)
        one.mkdir()
        arrivals.watch({1: one})

        write(two, "unseen.xml", b"x")
        assert await next_of(arrivals, lambda: drop(one, "a.xml", b"x")) == FolderEvent(1, "a.xml", moved=True)
