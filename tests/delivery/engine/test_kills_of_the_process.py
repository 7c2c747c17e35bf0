"""The process that delivers is killed: another one goes on, and nothing is lost or out of order."""

import asyncio
import sys
from pathlib import Path

from ingestd.store.database import Database
from ingestd.store.work import runs
from tests.delivery.engine.conftest import Engines
from tests.delivery.engine.receiving import Receiver
from tests.delivery.engine.test_deliveries import SOURCE, add, append, found
from tests.support.outcomes import keep_texts

STORIES = 150


async def start_process(database_url: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.delivery.engine.process", database_url, str(folder)
    )


async def test_another_process_goes_on_when_one_is_killed(
    database: Database, database_url: str, receiver: Receiver, engines: Engines, tmp_path: Path
) -> None:
    await keep_texts(database, SOURCE, *(f"Story {n}" for n in range(1, STORIES + 1)))
    await append(database, *((n, kind) for n in (3, 140) for kind in ("revised", "killed", "released")))
    await add(database, receiver, settings={"retries": [1.0] * 10})
    came = 0

    def answer(_: object) -> int:
        nonlocal came
        came += 1
        return 500 if came % 7 == 0 else 200

    receiver.answer = answer
    for taken in (20, 60):
        process = await start_process(database_url, tmp_path)
        await receiver.until(lambda least=taken: len(receiver.taken) >= least)  # type: ignore[misc]
        process.kill()
        await process.wait()
        async with database.write() as connection:
            assert await runs.expire_dead(connection, runs.RunObserver()) == 1

    engine = await engines.start()
    overtaken = {3, 140, STORIES + 1, STORIES + 4}
    wanted = set(range(1, STORIES + 7)) - overtaken
    await receiver.until(lambda: {seq for seq, _ in receiver.events()} >= wanted)
    await engines.stop(engine)

    assert {seq for seq, _ in receiver.events()} == wanted
    assert (await found(database)).cursor == STORIES + 6
    for number in (3, 140):
        kinds = [one["kind"] for one in receiver.taken if one["record_id"] == number]
        assert list(dict.fromkeys(kinds)) == ["killed", "released"]
    identifiers = {one["seq"]: one["id"] for one in receiver.taken}
    assert all(identifiers[one["seq"]] == one["id"] for one in receiver.seen if one["seq"] in identifiers)
