"""`ingestd poll`: poll now, once."""

from collections.abc import Coroutine
from typing import Annotated, Any

import typer

from ingestd.cli.opening import finish, settings_for
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import progress, refreshed, show_json, show_table
from ingestd.daemon.parts import open_parts
from ingestd.daemon.service import Service
from ingestd.settings import Settings
from ingestd.store import overview, sources


def poll(
    source: Annotated[str | None, typer.Argument(help="A source's number or URL; default: all that are due.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Poll a source now, or all that are due, and make records of what is new.

    It runs beside a daemon.

    Exit status: 0 when no poll failed, 1 when one did, 2 when there is no such source.
    """
    settings = settings_for(config)
    failed, figures = finish(_poll(settings, source))
    if json:
        show_json(figures)
    else:
        show_table(tuple(figures), [tuple(figures.values())])
    raise typer.Exit(1 if failed else 0)


async def _poll(settings: Settings, name: str | None) -> tuple[int, dict[str, int]]:
    async with open_parts(settings, role="poll") as parts:
        service = Service(
            parts, max_polls=settings.max_polls, max_pages=settings.max_pages, per_site=settings.host_concurrency
        )
        failed = 0
        if name is not None:
            async with parts.database.write() as connection:
                row = await sources.find(connection, name)
                claimed = await sources.claim_these(connection, parts.run_id, [row.id])
            for source in claimed:
                failed += (await parts.ingest.poll(source)).failure is not None
            await _shown(service, service.pages.run_dry())
        else:
            await _shown(service, service.run_dry())
            failed = service.pulse.polls_done.get("failed", 0)
        async with parts.database.read() as connection:
            return failed, await overview.summary(connection)


async def _shown(service: Service, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, and show how many polls and entries are done of those that are known of."""
    with progress() as bar:
        task = bar.add_task("polls and entries", total=None)

        def refresh() -> None:
            done = sum(service.pulse.polls_done.values()) + sum(service.pulse.entries_done.values())
            left = service.polls.at_work + service.polls.waiting + service.pages.at_work + service.pages.waiting
            bar.update(task, total=done + left or None, completed=done)

        await refreshed(work, refresh)
