"""`ingestd demo`."""

import asyncio
import signal
import tomllib
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Annotated

import typer

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show, show_json_lines, show_table
from ingestd.cli.settings import load_settings
from ingestd.cli.stories.table import headline_of
from ingestd.daemon.run import run_daemon
from ingestd.delivery import management
from ingestd.demo import holdings
from ingestd.demo.holdings import Holdings
from ingestd.demo.newsroom import Newsroom
from ingestd.demo.receiver import Received, Receiver
from ingestd.errors import IngestError
from ingestd.model.event import Event
from ingestd.model.story import Story
from ingestd.model.story_words import origin_of, reasons
from ingestd.pipeline.database import open_database
from ingestd.pipeline.stories.placer import make_placer
from ingestd.settings import Settings
from ingestd.settings.values import Listen
from ingestd.store.database import Database
from ingestd.store.events import event_log
from ingestd.store.operations import overview
from ingestd.store.polls.sources import add
from ingestd.store.stories import listing
from ingestd.store.stories.listing import Chosen
from ingestd.times import iso

#: Seconds after which `--once` gives up; it takes about 30.
_TIMEOUT = 55.0
#: Kinds of events that the closing table counts.
_COUNTED = ("corrected", "withheld", "released", "killed")


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit when everything published is stored.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Run the daemon on a simulated newsroom.

    Both run on the loopback of this machine, with a temporary database. Prints each event as it happens: a record
    saved, revised, corrected, withheld, released or killed. A webhook gets each event as well, and what it was sent is
    printed after an arrow.

    Exit status: 0 on success; with --once, 1 if the records differ from what was published, or if the webhook did not
    get every event, signed and each kill without a text.
    """
    given = load_settings(config)
    with TemporaryDirectory(prefix="ingestd-demo-") as directory:
        complete = asyncio.run(_demo(given, Path(directory), once=once, json=json))
    raise typer.Exit(0 if complete or not once else 1)


def _settings(given: Settings, directory: Path, newsroom: Newsroom, *, once: bool) -> Settings:
    """Return the settings of the demo: a new database, and an hour of news in half a minute.

    `listen` and the settings of extraction are the operator's. The settings are also written to `directory`, so that
    other commands can read the same database.
    """
    listen = Listen(host="127.0.0.1", port=0) if once else given.listen
    file = directory / "ingestd.toml"
    file.write_text(
        f'state_dir = "{directory}"\nlisten = "{listen}"\nallow_networks = ["127.0.0.0/8"]\n'
        f'nameservers = ["{newsroom.name_server.address}"]\n'
        'agencies = ["Meridian Press=meridianpress.localhost"]\n'
        "interval = 1\ninterval_floor = 1\nhost_delay = 0.05\nhost_concurrency = 2\n"
    )
    own = Settings(**tomllib.loads(file.read_text("utf-8")))
    note(f"settings: {file}")
    return own.model_copy(update={name: getattr(given, name) for name in ("extractors", "extract_memory")})


async def _demo(given: Settings, directory: Path, *, once: bool, json: bool) -> bool:
    started = datetime.now(UTC)
    async with AsyncExitStack() as stack:
        newsroom = await stack.enter_async_context(Newsroom(names=True))
        settings = _settings(given, directory, newsroom, once=once)
        database = await stack.enter_async_context(open_database(settings))
        async with database.write() as connection:
            for url, title in (*newsroom.sources, (newsroom.agency.url, newsroom.agency.title)):
                await add(connection, url, title=title, interval=1.0, now=datetime.now(UTC))
        receiver = await stack.enter_async_context(Receiver(partial(_show_message, json=json)))
        await _add_consumer(database, receiver, settings)
        daemon = asyncio.create_task(run_daemon(settings, ready=lambda address: note(f"status page: {address}")))
        follow = asyncio.create_task(_follow(database, newsroom, receiver, once=once, json=json))
        await asyncio.wait([daemon, follow], return_when=asyncio.FIRST_COMPLETED)
        if not daemon.done():
            # Stop it as an operator would.
            signal.raise_signal(signal.SIGTERM)
        await daemon
        follow.cancel()
        with suppress(asyncio.CancelledError):
            await follow
        if placer := make_placer(settings, database):
            await placer.place_all()
        async with database.read() as connection:
            told = await listing.most_carried(connection, Chosen(since=started, limit=100))
            figures = await overview.summary(connection)
            happened = await holdings.count_events(connection)
            complete = await holdings.stored_holdings(database, newsroom) == _due(newsroom)
    names = ("sources", "polls", "not_modified", "entries", "records", "revisions", "duplicates", "failures")
    counts = {"304s" if name == "not_modified" else name: figures[name] for name in names}
    counts |= {kind: happened[kind] for kind in _COUNTED}
    counts |= {"webhooks": len(receiver.received), "webhooks_refused": receiver.refused}
    complete = complete and not receiver.refused and not any(one.has_text for one in _kills(receiver))
    if json:
        show_json_lines([counts])
    else:
        _show_stories(told)
        show_table(("what", "count"), list(counts.items()))
    return complete


def _show_stories(told: list[Story]) -> None:
    """Print whose text each copy has, and which texts are alone although they have parts of others."""
    for story in told:
        if story.carriers > 1 or story.round_up or any(one.also for one in story.copies):
            show(f"story {story.id}: {headline_of(story)}")
            if not story.round_up:
                show(f"- origin: {origin_of(story)}")
            for one in story.copies:
                carried = f"; carried by {len(one.carriers)} entries" if len(one.carriers) > 1 else ""
                show(
                    f"- record {one.record_id}, {one.publisher}, {headline_of(one)}: {'; '.join(reasons(one))}{carried}"
                )
    alone = [headline_of(story) for story in told if story.carriers == 1 and not story.round_up]
    show(f"stories of one record: {len(alone)}, as {'; '.join(alone[:3])}")


def _due(newsroom: Newsroom) -> Holdings:
    return holdings.expected_holdings(newsroom.expected, newsroom.expected_wire)


async def _add_consumer(database: Database, receiver: Receiver, operator: Settings) -> None:
    settings = {"url": receiver.url, "secret": receiver.secret}
    async with database.write() as connection:
        await management.add(
            connection, name="demo", kind="webhook", settings=settings, after=0, operator=operator,
            now=datetime.now(UTC),
        )  # fmt: skip


def _show_message(message: Received, known: bool, *, json: bool) -> None:
    """Print what the webhook was sent."""
    if json:
        show_json_lines([{"webhook": message.id, "kind": message.kind, "again": known}])
        return
    again = " again" if known else ""
    show(f"-> event {message.seq}{again}: {message.kind}  {message.headline or '(no text)'}  ({message.source_title})")


def _kills(receiver: Receiver) -> list[Received]:
    return [one for one in receiver.received.values() if one.kind == "killed"]


async def _follow(database: Database, newsroom: Newsroom, receiver: Receiver, *, once: bool, json: bool) -> None:
    """Print events as they happen; with `once`, until everything published is stored and sent, or time is up."""
    seen, started, events = 0, monotonic(), list[Event]()
    while True:
        async with database.read() as connection:
            found = await event_log.read_after(connection, seen)
            figures = await overview.summary(connection)
            ended = once and newsroom.finished.is_set()
            stored = await holdings.stored_holdings(database, newsroom) if ended else None
        seen = found.after
        events += found.events if once else ()
        for event in found.events:
            if json:
                show_json_lines([event])
                continue
            # A withheld record has no headline until it is released, and a killed one has none any more.
            headline = event.headline or ("(killed)" if event.kind == "killed" else "(withheld)")
            show(f"{event.kind:9} {iso(event.versioncreated)}  {headline}  ({event.source_title})")
        is_stored = stored == _due(newsroom) and not figures["pending"] and not found.events
        if is_stored and not receiver.missing(events):
            return
        if once and monotonic() - started > _TIMEOUT:
            if is_stored:
                raise IngestError(f"the webhook did not get the events {receiver.missing(events)} in {_TIMEOUT:.0f} s")
            raise IngestError(
                f"not everything was stored within {_TIMEOUT:.0f} s: {stored} instead of {_due(newsroom)}"
            )
        await asyncio.sleep(0.25)
