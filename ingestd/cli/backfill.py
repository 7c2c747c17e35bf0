"""`ingestd backfill`: what was published before, fetched once."""

import asyncio
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.backfill.job import Backfill
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, progress, refreshed, show_json, show_result, show_table
from ingestd.cli.setup import database_of, finish, settings_for
from ingestd.errors import UsageError
from ingestd.pipeline.listings.documents import Documents
from ingestd.pipeline.runtime import Runtime, open_runtime
from ingestd.settings import Settings
from ingestd.store.polls import sources
from ingestd.store.work import backfills, runs
from ingestd.times import is_date_only, iso, parse_iso
from ingestd.urls import normalise, without_userinfo

app = typer.Typer(help="Fetch what was published before, once.", no_args_is_help=True)

DocumentsOption = Annotated[int, typer.Option(min=1, help="Read at most so many feeds or sitemaps.")]
NumberArgument = Annotated[int, typer.Argument(metavar="NUMBER", help="The number of a backfill.")]

_STOPPED = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A backfill as it was asked for."""

    kind: str
    argument: str
    options: Mapping[str, Any]


@app.command()
def archive(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The number or URL of a source.")],
    documents: DocumentsOption = 10_000,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Walk a source's archive, page by page, into the past (RFC 5005).

    Exit status: 0 when all of it was made records, 1 when the list or an entry failed, 130 when interrupted.
    """
    _start(Order(kind="archive", argument=source, options={}), documents, config, json=json)


@app.command()
def sitemap(
    url: Annotated[str, typer.Argument(help="A sitemap, a news sitemap, or an index of them; gzipped or not.")],
    since: Annotated[str | None, typer.Option(help="Only pages of this day or time, or later; UTC.")] = None,
    until: Annotated[str | None, typer.Option(help="Only pages of this day, or before this time; UTC.")] = None,
    undated: Annotated[bool, typer.Option("--undated", help="Also pages whose time the sitemap does not say.")] = False,
    documents: DocumentsOption = 10_000,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Fetch the pages that a sitemap lists.

    A page's time is its publication, in a news sitemap, or else its last change.

    Exit status: 0 when all of it was made records, 1 when the list or an entry failed, 130 when interrupted.
    """
    try:
        normalise(url)
    except ValueError as error:
        raise UsageError(str(error)) from error
    span = {"since": _moment("--since", since), "until": _moment("--until", until, end_of_day=True)}
    options = {**{key: iso(value) for key, value in span.items() if value}, **({"undated": True} if undated else {})}
    _start(Order(kind="sitemap", argument=url, options=options), documents, config, json=json)


@app.command()
def urls(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="A URL a line; - reads standard input.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Fetch the pages that a file lists.

    Exit status: 0 when all of it was made records, 1 when the list or an entry failed, 130 when interrupted.
    """
    argument = file if file == "-" else str(_existing(Path(file)))
    _start(Order(kind="urls", argument=argument, options={}), 1, config, json=json)


@app.command()
def files(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Saved feeds and pages, plain or gzipped.")],
    base: Annotated[
        str | None, typer.Option(help="The URL that DIR stands for; its files are the pages below.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Read saved feeds and pages.

    Exit status: 0 when all of it was made records, 1 when the list or an entry failed, 130 when interrupted.
    """
    if not _existing(directory).is_dir():
        raise UsageError(f"{directory} is no directory: `ingestd clean` and `ingestd parse` read single files")
    try:
        options = {"base": normalise(base)} if base else {}
    except ValueError as error:
        raise UsageError(f"--base: {error}") from error
    _start(Order(kind="files", argument=str(directory.resolve()), options=options), 10**9, config, json=json)


@app.command("list")
def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the backfills, newest first.

    Exit status: 0.
    """

    async def work() -> list[dict[str, Any]]:
        async with database_of(config) as database, database.write() as connection:
            # So that one that was killed is not shown as if it still ran.
            await runs.end_gone(connection, now=datetime.now(UTC))
            return [_shown(row) for row in await backfills.listed(connection)]

    rows = finish(work())
    if json:
        show_json(rows)
        return
    columns = ("id", "kind", "state", "argument", "pending", "done", "quarantined", "updated_at", "message")
    show_table(columns, [[row[column] for column in columns] for row in rows])


@app.command()
def resume(
    number: NumberArgument,
    documents: DocumentsOption = 10_000,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Go on with a backfill that was stopped, killed, or failed.

    Exit status: 0 when all of it was made records, 1 when the list or an entry failed, 2 when there is nothing to
    resume, 130 when interrupted.
    """
    _start(number, documents, config, json=json)


@app.command()
def cancel(number: NumberArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """End a backfill for good: what it saved stays, what it had still to do is forgotten.

    Exit status: 0, or 2 when there is no such backfill.
    """

    async def work() -> int:
        async with database_of(config) as database, database.write() as connection:
            return await backfills.cancel(connection, number, now=datetime.now(UTC))

    dropped = finish(work())
    line = f"backfill {number}: cancelled, {dropped} entries were not fetched yet"
    show_result({"backfill": number, "state": "cancelled", "dropped": dropped}, line, json=json)


def _moment(option: str, text: str | None, *, end_of_day: bool = False) -> datetime | None:
    if text is None:
        return None
    when = parse_iso(text)
    if when is None:
        raise UsageError(f"{option}: {text!r} is no day or time, as in 2024-01-31 or 2024-01-31T18:00Z")
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return when + timedelta(days=1) if end_of_day and is_date_only(text) else when


def _existing(path: Path) -> Path:
    if not path.exists():
        raise UsageError(f"{path}: there is no such file or directory")
    return path.resolve()


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    interrupted = row["state"] == "running" and row["run_id"] is None
    return {
        "id": row["id"],
        "kind": row["kind"],
        "state": "interrupted" if interrupted else row["state"],
        "argument": without_userinfo(row["argument"]),
        "options": row["options"],
        **{state: row["entries"].get(state, 0) for state in ("pending", "done", "quarantined")},
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "message": row["message"],
    }


def _start(what: Order | int, documents: int, config: Path | None, *, json: bool) -> None:
    """Run a new backfill, or go on with one, and exit with its status."""
    settings = settings_for(config)
    status, summary = finish(_run(settings, what, documents))
    if json:
        show_json(summary)
    else:
        show_table(("what", "count"), [(key, value) for key, value in summary.items() if value is not None])
    raise typer.Exit(status)


async def _run(settings: Settings, what: Order | int, most_documents: int) -> tuple[int, dict[str, Any]]:
    begun = monotonic()
    async with open_runtime(settings, role="backfill") as runtime:
        async with runtime.database.write() as connection:
            number = await _take(connection, runtime, what)
            row, counts = await backfills.find(connection, number), await backfills.counts(connection, number)
        backfill = Backfill(
            row,
            counts,
            ingest=runtime.ingest,
            documents=Documents(
                fetcher=runtime.fetcher,
                pool=runtime.pool,
                archive=runtime.archive,
                rules=runtime.ingest.rules,
                max_body=settings.max_body,
            ),
            limit=settings.max_pages,
            per_site=settings.host_concurrency,
            most_documents=most_documents,
        )
        stopped = _stop_on_signals(backfill)
        state = await _with_progress(backfill)
        async with runtime.database.read() as connection:
            new = await backfills.new_records(connection, number)
    _advise(backfill, state)
    listed = backfill.listed
    summary = {
        "backfill": number, "kind": row.kind, "state": state, "documents": listed.documents, "listed": listed.added,
        "known": listed.known, **{f"left out: {why}": count for why, count in listed.left_out.items()},
        "made": backfill.made, "new records": new, "given up": backfill.given_up,
        "seconds": round(monotonic() - begun, 1),
    }  # fmt: skip
    status = 0 if state == "done" and not backfill.given_up else 1
    return (_STOPPED + stopped[0] if stopped else status), summary


async def _take(connection: AsyncConnection, runtime: Runtime, what: Order | int) -> int:
    if isinstance(what, Order):
        return await _begin(connection, runtime, what)
    await backfills.claim(connection, what, runtime.run_id, now=datetime.now(UTC))
    return what


async def _begin(connection: AsyncConnection, runtime: Runtime, order: Order) -> int:
    """Enter a backfill, or go on with one just like it; raises UsageError when there is no such source."""
    now = datetime.now(UTC)
    if order.kind == "archive":
        source = await sources.find(connection, order.argument)
        source_id, order = source.id, replace(order, argument=source.url)
    else:
        name = normalise(order.argument) if order.kind == "sitemap" else f"backfill:{order.kind}"
        source_id = await sources.add_list(connection, name, now=now)
    before = None
    if order.argument != "-":  # what came down a pipe before may not be what comes now
        before = await backfills.unfinished(connection, kind=order.kind, argument=order.argument, options=order.options)
    if before is not None:
        await backfills.claim(connection, before, runtime.run_id, now=now)
        note(f"going on with backfill {before}, which was not finished")
        return before
    return await backfills.begin(
        connection,
        kind=order.kind,
        argument=order.argument,
        options=order.options,
        source_id=source_id,
        cursor={},
        run_id=runtime.run_id,
        now=now,
    )


def _stop_on_signals(backfill: Backfill) -> list[int]:
    """Stop the backfill on SIGINT and SIGTERM, and end at once on a second one; returns which ones came, later."""
    came: list[int] = []

    def stop(number: int) -> None:
        if came:
            os._exit(_STOPPED + number)
        came.append(number)
        note("finishing what is at work; once more ends at once")
        backfill.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)
    return came


async def _with_progress(backfill: Backfill) -> str:
    with progress() as bar:
        task = bar.add_task(f"backfill {backfill.id}", total=None)

        def refresh() -> None:
            bar.update(task, total=backfill.listed.added or None, completed=backfill.made + backfill.given_up)

        return await refreshed(backfill.run(), refresh)


def _advise(backfill: Backfill, state: str) -> None:
    """Say what can be done about what is not well."""
    if backfill.problem:
        note(f"the list was not read to its end: {backfill.problem}")
    if state in ("failed", "running"):
        note(f"`ingestd backfill resume {backfill.id}` goes on")
    if state == "cancelled":
        note("it was cancelled by somebody else")
    if backfill.given_up:
        note("`ingestd failures list --given-up` says why entries were given up")
