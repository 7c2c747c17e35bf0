"""`ingestd stories rebuild`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.cli.terminal import progress_bar
from ingestd.pipeline.stories.placer import rules_of
from ingestd.pipeline.stories.rebuild import Progress
from ingestd.pipeline.stories.rebuild import rebuild as rebuild_stories


def rebuild(
    anew: Annotated[
        bool, typer.Option("--anew", help="Forget all stories first, also those that an operator has put together.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Place stored records in stories, in the order in which they were seen.

    For records of before an upgrade, of a time in which stories were turned off, or whose events were deleted before
    they were placed. The daemon may run. A rebuild that was interrupted goes on when it is run again.

    Exit status: 0 on success, 1 if the database cannot be used.
    """
    settings = load_settings(config)

    async def work() -> int:
        with progress_bar() as bar:
            task = bar.add_task("revisions", total=None)

            def show_progress(done: Progress) -> None:
                bar.update(task, total=done.last, completed=done.revision)

            async with open_database(config) as database:
                return await rebuild_stories(database, rules_of(settings), anew=anew, on_progress=show_progress)

    placed = asyncio.run(work())
    show_result({"placed": placed}, f"records placed: {placed}", json=json)
