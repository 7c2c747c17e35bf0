"""Run a backfill from the command line: begin or resume it, show its progress, stop it on a signal."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.backfill.job import Backfill
from ingestd.cli.output import note, show_json, show_table
from ingestd.cli.settings import load_settings
from ingestd.cli.terminal import progress_bar, run_with_refresh
from ingestd.errors import UsageError
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.runtime import Runtime, open_runtime
from ingestd.settings import Settings
from ingestd.store.polls import sources
from ingestd.store.work import backfills
from ingestd.urls import is_folder, is_inbox, normalise, without_userinfo

#: Exit status of a process that a signal has ended is this plus the signal's number (POSIX shells).
_SIGNALLED = 128

#: Seconds for the pages under way after a signal; then they are cancelled, and stay pending.
_STOP_TIME = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBackfill:
    """The kind, argument and options of a backfill to begin."""

    kind: str
    #: What to read: a source, a URL, a file or a directory.
    argument: str
    options: Mapping[str, Any]


def start(what: NewBackfill | int, documents: int, config: Path | None, *, json: bool) -> None:
    """Begin a new backfill, or resume the one with that number; print its summary and exit with its status."""
    settings = load_settings(config)
    status, summary = asyncio.run(_run(settings, what, documents))
    if json:
        show_json({**summary, "given up": summary["quarantined"]})  # the former name: scripts use it
    else:
        show_table(("what", "count"), [(key, value) for key, value in summary.items() if value is not None])
    raise typer.Exit(status)


async def _run(settings: Settings, what: NewBackfill | int, max_documents: int) -> tuple[int, dict[str, Any]]:
    begun = monotonic()
    async with open_runtime(settings, role="backfill") as runtime:
        async with runtime.database.write() as connection:
            number = await _claim(connection, runtime, what)
            runtime.claims.add([("backfills", number, 0)])
            row, counts = await backfills.find(connection, number), await backfills.count_entries(connection, number)
        backfill = Backfill(
            row,
            counts,
            ingest=runtime.ingest,
            reader=DocumentReader(
                fetcher=runtime.fetcher,
                pool=runtime.pool,
                archive=runtime.archive,
                retries=runtime.retries,
                timing=runtime.ingest.timing,
                max_body=settings.max_body,
            ),
            limit=settings.max_pages,
            per_site=settings.host_concurrency,
            max_documents=max_documents,
        )
        stopped = _stop_on_signals(backfill)
        state = await _with_progress(backfill)
        if settings.stories:
            await _place(settings, runtime, stopped)
        async with runtime.database.read() as connection:
            new = await backfills.count_new_records(connection, number)
    _advise(backfill, state)
    listed = backfill.listed
    summary = {
        "backfill": number, "kind": row.kind, "state": state, "documents": listed.documents, "listed": listed.added,
        "known": listed.known, **{f"left out: {why}": count for why, count in listed.left_out.items()},
        "made": backfill.processed, "new records": new, "quarantined": backfill.quarantined,
        "seconds": round(monotonic() - begun, 1),
    }  # fmt: skip
    status = 0 if state == "done" and not backfill.quarantined else 1
    return (_SIGNALLED + stopped[0] if stopped else status), summary


async def _place(settings: Settings, runtime: Runtime, stopped: Sequence[int]) -> None:
    """Place the new records in stories, or wait until a daemon has; what a signal leaves, the next process places."""
    # Imported here: without stories, a backfill has no numpy either, as in `daemon.run`.
    from ingestd.pipeline.stories.placer import make_placer  # noqa: PLC0415

    if placer := make_placer(settings, runtime.database, run_id=runtime.run_id):
        await placer.place_all(stopping=lambda: bool(stopped))


async def _claim(connection: AsyncConnection, runtime: Runtime, what: NewBackfill | int) -> int:
    if isinstance(what, NewBackfill):
        return await _begin(connection, runtime, what)
    await backfills.claim(connection, what, runtime.run_id, now=datetime.now(UTC))
    return what


async def _begin(connection: AsyncConnection, runtime: Runtime, new: NewBackfill) -> int:
    """Create a backfill, or claim an unfinished one with the same argument and options; return its number.

    Raises UsageError if there is no such source, or if it is no feed.
    """
    now = datetime.now(UTC)
    if new.kind == "archive":
        source = await sources.find(connection, new.argument)
        if is_inbox(source.url) or is_folder(source.url):
            kind = "an inbox" if is_inbox(source.url) else "a drop folder"
            raise UsageError(f"{without_userinfo(source.url)} is {kind}, which has no archive; name a feed's source")
        source_id, new = source.id, replace(new, argument=source.url)
    else:
        name = normalise(new.argument) if new.kind == "sitemap" else f"backfill:{new.kind}"
        source_id = await sources.add_list(connection, name, now=now)
    before = None
    if new.argument != "-":  # standard input may have other URLs this time
        before = await backfills.find_unfinished(connection, kind=new.kind, argument=new.argument, options=new.options)
    if before is not None:
        await backfills.claim(connection, before, runtime.run_id, now=now)
        note(f"resuming backfill {before}, which is not finished")
        return before
    return await backfills.create(
        connection,
        kind=new.kind,
        argument=new.argument,
        options=new.options,
        source_id=source_id,
        cursor={},
        run_id=runtime.run_id,
        now=now,
    )


def _stop_on_signals(backfill: Backfill) -> list[int]:
    """Stop the backfill on SIGINT or SIGTERM; exit at once on a second one.

    Returns a list to which the first signal is added when it arrives.
    """
    received: list[int] = []

    def stop(number: int) -> None:
        if received:
            os._exit(_SIGNALLED + number)
        received.append(number)
        note("stopping after the pages under way; interrupt again to exit at once")
        backfill.stop()
        asyncio.get_running_loop().call_later(_STOP_TIME, backfill.cancel)

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    return received


async def _with_progress(backfill: Backfill) -> str:
    with progress_bar() as bar:
        task = bar.add_task(f"backfill {backfill.id}", total=None)

        def refresh() -> None:
            bar.update(task, total=backfill.listed.added or None, completed=backfill.processed + backfill.quarantined)

        return await run_with_refresh(backfill.run(), refresh)


def _advise(backfill: Backfill, state: str) -> None:
    """Print what failed and which command to run next."""
    if backfill.error:
        note(f"the list could not be read to its end: {backfill.error}")
    if state == "failed" and not backfill.listed.documents:
        note(f"nothing was listed: correct the URL, or try it again with `ingestd backfill resume {backfill.id}`")
    elif state in ("failed", "running"):
        note(f"run `ingestd backfill resume {backfill.id}` to continue")
    if state == "cancelled":
        note("cancelled by another process")
    if backfill.quarantined:
        note("run `ingestd failures list --quarantined` to see why entries were quarantined")
