"""`ingestd poll`."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ingestd.cli.empty import note_nothing
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_json, show_table
from ingestd.cli.settings import load_settings
from ingestd.cli.terminal import progress_bar, run_with_refresh
from ingestd.daemon.service import Service
from ingestd.errors import UsageError
from ingestd.pipeline.embargo_release import release_due
from ingestd.pipeline.runtime import Runtime, open_runtime
from ingestd.pipeline.stories.placer import make_placer
from ingestd.settings import Settings
from ingestd.store.operations import overview
from ingestd.store.polls import sources
from ingestd.store.work.own_claims import claim_of
from ingestd.urls import is_folder, is_inbox


def poll(
    source: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help="Number or URL of a source. Default: all sources that are due."),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Poll a source, or all sources that are due, now.

    Also turns the new entries into records. A daemon may run at the same time.

    Exit status: 0 if no poll failed, 1 if one failed, 2 if there is no such source.
    """
    settings = load_settings(config)
    failed, figures = asyncio.run(_poll(settings, source))
    if json:
        show_json(figures)
    else:
        show_table(tuple(figures), [tuple(figures.values())])
    raise typer.Exit(1 if failed else 0)


async def _poll(settings: Settings, name: str | None) -> tuple[int, dict[str, int]]:
    async with open_runtime(settings, role="poll") as runtime:
        service = Service(
            runtime,
            max_polls=settings.max_polls,
            max_pages=settings.max_pages,
            per_site=settings.host_concurrency,
            placer=make_placer(settings, runtime.database, run_id=runtime.run_id),
        )
        failed = 0
        await release_due(runtime.database)
        if name is not None:
            async with runtime.database.read() as connection:
                row = await sources.find(connection, name)
            if is_inbox(row.url):
                raise UsageError(f"{row.url} is an inbox and cannot be polled: push to it with POST /v1/inbox/{row.id}")
            failed = await _poll_source(runtime, row.id, settle=settings.settle)
            await _run_with_progress(service, service.process_entries())
        else:
            await _run_with_progress(service, service.run_until_idle())
            failed = service.service_state.polls_done.get("failed", 0)
            if not (service.service_state.polls_done or service.service_state.entries_done):
                async with runtime.database.read() as connection:
                    await note_nothing(connection, "nothing was due", "`ingestd poll SOURCE` polls one now")
        async with runtime.database.read() as connection:
            return failed, await overview.summary(connection)


async def _poll_source(runtime: Runtime, source_id: int, *, settle: float) -> int:
    """Poll a source and return how many polls failed (0 or 1).

    A drop folder is polled until no file in it is complete or about to be.
    """
    waited = False
    while True:
        with runtime.claims.claiming() as register:
            async with runtime.database.write() as connection:
                claimed = await sources.claim(connection, runtime.run_id, [source_id])
                register(map(claim_of, claimed))
        if not claimed:
            return 0
        try:
            done = await runtime.ingest.poll(claimed[0])
        finally:
            runtime.claims.remove(map(claim_of, claimed))
        if done.failure or not is_folder(claimed[0].url):
            return int(done.failure is not None)
        if done.outcome == "unchanged":
            left = (done.due_at - datetime.now(UTC)).total_seconds()
            if waited or left > settle:
                return 0
            waited = True
            await asyncio.sleep(settle)


async def _run_with_progress(service: Service, work: Coroutine[Any, Any, None]) -> None:
    """Run work of the service with a progress bar of polls and entries."""
    with progress_bar() as bar:
        task = bar.add_task("polls and entries", total=None)

        def refresh() -> None:
            done = sum(service.service_state.polls_done.values()) + sum(service.service_state.entries_done.values())
            left = service.engine.at_work().total
            bar.update(task, total=done + left or None, completed=done)

        await run_with_refresh(work, refresh)
