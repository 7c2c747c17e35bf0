"""Place stored records in stories, in the order in which their revisions were saved."""

from collections.abc import Callable

from ingestd.likeness.rules import Rules
from ingestd.pipeline.stories.walk import Progress, Walk
from ingestd.store.database import Database
from ingestd.store.stories import rebuilding


async def rebuild(
    database: Database,
    rules: Rules,
    *,
    anew: bool = False,
    run_id: str | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> int:
    """Place the records that have no story; with `anew`, forget all stories first.  Returns how many it placed.

    One that was interrupted goes on where it ended.  Others may save and place records meanwhile.  Nobody else goes on
    with it until the run `run_id` has ended.

    Raises UsageError if another run is at it; StoreError.
    """
    async with database.write() as connection:
        await rebuilding.begin(connection, anew=anew, run_id=run_id)
    walk = Walk(database, rules, run_id=run_id)
    while done := await walk.step():
        on_progress(done)
    return walk.placed
