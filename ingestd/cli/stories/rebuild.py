"""`ingestd stories rebuild`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.cli.terminal import progress_bar
from ingestd.pipeline.runtime import registered_run
from ingestd.pipeline.stories.placer import rules_of
from ingestd.pipeline.stories.rebuild import rebuild as rebuild_stories
from ingestd.pipeline.stories.walk import Progress
from ingestd.store.work.own_claims import OwnClaims
from ingestd.store.work.runs import RunObserver


def rebuild(
    anew: Annotated[
        bool, typer.Option("--anew", help="Delete all stories first, including those merged or split by hand.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Place stored records in stories, in the order they were saved.

    For records of before an upgrade, or whose events were deleted before they were placed. The daemon may run. It
    continues a rebuild that was interrupted, as does this command when it is run again.

    Exit status: 0 on success, 1 if the database cannot be used, 2 if another process rebuilds the stories.
    """
    settings = load_settings(config)

    async def work() -> int:
        with progress_bar() as bar:
            task = bar.add_task("revisions", total=None)

            def show_progress(done: Progress) -> None:
                bar.update(task, total=done.last, completed=done.revision)

            async with (
                open_database(config) as database,
                registered_run(database, "rebuild", RunObserver(), OwnClaims()) as run_id,
            ):
                return await rebuild_stories(
                    database, rules_of(settings), anew=anew, run_id=run_id, on_progress=show_progress
                )

    placed = asyncio.run(work())
    show_result({"placed": placed}, f"records placed: {placed}", json=json)
