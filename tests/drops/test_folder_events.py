import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path

from ingestd.drops.folder_events import FolderEvent, FolderEvents
from tests.support.dropping import drop, write


async def event_after(action: Callable[[], object], events: FolderEvents) -> FolderEvent:
    action()
    return await asyncio.wait_for(anext(aiter(events)), 60)


async def test_an_event_tells_a_moved_file_from_a_closed_one(tmp_path: Path) -> None:
    with FolderEvents() as events:
        events.watch({7: tmp_path})

        assert await event_after(lambda: write(tmp_path, "a.xml", b"x"), events) == FolderEvent(7, "a.xml", moved=False)
        write(tmp_path, "b.xml.tmp", b"x")
        renamed = await event_after(lambda: (tmp_path / "b.xml.tmp").rename(tmp_path / "b.xml"), events)
        assert renamed == FolderEvent(7, "b.xml", moved=True)


async def test_a_recreated_folder_is_watched_again_and_a_removed_one_is_not(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    with FolderEvents() as events:
        events.watch({1: one, 2: two, 3: tmp_path / "none"})
        shutil.rmtree(one)
        one.mkdir()
        events.watch({1: one})

        write(two, "unseen.xml", b"x")
        assert await event_after(lambda: drop(one, "a.xml", b"x"), events) == FolderEvent(1, "a.xml", moved=True)
