"""`ingestd demo`."""

import asyncio
import signal
import tomllib
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from ingestd.cli.demo.cluster import run_cluster
from ingestd.cli.demo.events import due, follow, kills, show_message
from ingestd.cli.demo.setup import add_sources
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show, show_json_lines, show_table
from ingestd.cli.settings import load_settings
from ingestd.cli.stories.table import headline_of
from ingestd.daemon.run import run_daemon
from ingestd.demo import holdings
from ingestd.demo.newsroom import Newsroom
from ingestd.demo.receiver import Receiver
from ingestd.errors import UsageError
from ingestd.model.story import Story
from ingestd.model.story_words import origin_of, reasons
from ingestd.pipeline.database import open_database
from ingestd.pipeline.stories.placer import make_placer
from ingestd.settings import Settings
from ingestd.settings.values import Listen
from ingestd.store.operations import overview
from ingestd.store.stories import listing
from ingestd.store.stories.listing import Chosen

#: Seconds after which `--once` gives up; it takes about 30.
_TIMEOUT = 55.0
#: Kinds of events that the closing table counts.
_COUNTED = ("corrected", "withheld", "released", "killed")


def demo(
    once: Annotated[bool, typer.Option("--once", help="Exit when everything published is stored.")] = False,
    nodes: Annotated[
        int | None,
        typer.Option(
            "--nodes",
            metavar="N",
            min=2,
            max=8,
            help="Run several daemons, which share the work on PostgreSQL, and kill one of them. Default: one daemon.",
        ),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            metavar="URL",
            help="With --nodes: a PostgreSQL where a database can be made, and dropped at the end. Default: a "
            "temporary server.",
        ),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Run the daemon on a simulated newsroom.

    Both run on the loopback of this machine, with a temporary database. Prints each event as it happens: a record
    saved, revised, corrected, withheld, released or killed. A webhook gets each event as well, and what it was sent is
    printed after an arrow.

    With --nodes the daemons are processes that share the work. One is killed with SIGKILL in the middle. At the end the
    newsroom says what is missing, and by its log of arrivals how long each publisher was left alone between two
    requests.

    Exit status: 0 on success; with --once, 1 if the records differ from what was published, or if the webhook did not
    get every event, signed and each kill without a text, or if a publisher of several nodes was asked too early.
    """
    if server and nodes is None:
        raise UsageError("--server is for several nodes: give --nodes as well")
    given = load_settings(config)
    with TemporaryDirectory(prefix="ingestd-demo-") as name:
        directory = Path(name)
        if nodes is None:
            complete = asyncio.run(_demo(given, directory, once=once, json=json))
        else:
            complete = asyncio.run(run_cluster(directory, count=nodes, server=server, once=once, json=json))
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
        receiver = await stack.enter_async_context(Receiver(partial(show_message, json=json)))
        await add_sources(database, newsroom, receiver, settings)
        daemon = asyncio.create_task(run_daemon(settings, ready=lambda address: note(f"status page: {address}")))
        following = asyncio.create_task(
            follow(database, newsroom, receiver, give_up_after=_TIMEOUT if once else None, json=json)
        )
        await asyncio.wait([daemon, following], return_when=asyncio.FIRST_COMPLETED)
        if not daemon.done():
            # Stop it as an operator would.
            signal.raise_signal(signal.SIGTERM)
        await daemon
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
        if placer := make_placer(settings, database):
            await placer.place_all()
        async with database.read() as connection:
            told = await listing.most_carried(connection, Chosen(since=started, limit=100))
            figures = await overview.summary(connection)
            happened = await holdings.count_events(connection)
            complete = await holdings.stored_holdings(database, newsroom) == due(newsroom)
    names = ("sources", "polls", "not_modified", "entries", "records", "revisions", "duplicates", "failures")
    counts = {"304s" if name == "not_modified" else name: figures[name] for name in names}
    counts |= {kind: happened[kind] for kind in _COUNTED}
    counts |= {"webhooks": len(receiver.received), "webhooks_refused": receiver.refused}
    complete = complete and not receiver.refused and not any(one.has_text for one in kills(receiver))
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
