"""The demo with several nodes: one of them is killed, and the newsroom says whether anything is missing."""

import asyncio
import signal
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from time import monotonic

from ingestd.cli.demo.events import due, follow, kills, show_message
from ingestd.cli.demo.node import Node
from ingestd.cli.demo.report import Killed, is_complete, is_polite, show_holdings, show_manners
from ingestd.cli.demo.server import demo_database
from ingestd.cli.demo.setup import add_sources
from ingestd.cli.output import note, show
from ingestd.demo import holdings
from ingestd.demo.arrivals import Arrivals
from ingestd.demo.newsroom import Newsroom
from ingestd.demo.receiver import Receiver
from ingestd.errors import IngestError
from ingestd.pipeline.database import open_database
from ingestd.settings import Settings

#: Seconds after the start of the nodes: when one is killed, and when `--once` gives up.
_KILL, _TIMEOUT = 6.0, 65.0

#: Seconds for which a publisher is left alone after each request (the setting `host_delay`).
_DELAY = 0.5


async def run_cluster(directory: Path, *, count: int, server: str | None, once: bool, json: bool) -> bool:
    """Run the demo with `count` nodes: with `once` until everything is stored, else until a signal.

    Returns whether the records are those that were published, the webhook got them, and no publisher was asked too
    early or twice at once, although a node was killed.
    """
    async with AsyncExitStack() as stack:
        stopped = _listen_to_signals(stack)
        note("starting PostgreSQL" if server is None else "making a database")
        url = await stack.enter_async_context(demo_database(directory / "postgresql", server))
        settings = Settings(state_dir=directory, database_url=url, allow_networks=(ip_network("127.0.0.0/8"),))
        database = await stack.enter_async_context(open_database(settings))
        newsroom = await stack.enter_async_context(Newsroom(names=True))
        receiver = await stack.enter_async_context(Receiver(partial(show_message, json=json)))
        await add_sources(database, newsroom, receiver, settings)
        nodes = [Node(f"node{number + 1}", directory) for number in range(count)]
        for node in nodes:
            stack.push_async_callback(node.stop)
            node.write_settings(url, newsroom.name_server.address, host_delay=_DELAY)
        note(f"settings: {nodes[0].file}")
        await _start(nodes)
        following = asyncio.create_task(
            follow(
                database,
                newsroom,
                receiver,
                is_complete=is_complete,
                give_up_after=_TIMEOUT if once else None,
                json=json,
            )
        )
        killing = asyncio.create_task(_kill_one(newsroom.arrivals, nodes))
        stopping = asyncio.create_task(stopped.wait())
        await asyncio.wait([following, stopping], return_when=asyncio.FIRST_COMPLETED)
        killed = killing.result() if killing.done() else None
        for task in (killing, stopping, following):
            task.cancel()
        try:
            await following
        except asyncio.CancelledError:
            pass
        except IngestError:
            note(f"gave up after {_TIMEOUT:.0f} s")
        await asyncio.gather(*(node.stop() for node in nodes))
        stored = await holdings.stored_holdings(database, newsroom)
    show_manners(newsroom.arrivals, nodes, killed, delay=_DELAY, json=json)
    show_holdings(stored, due(newsroom), receiver, json=json)
    ended_well = is_complete(stored, due(newsroom))
    is_delivered = not receiver.refused and not any(one.has_text for one in kills(receiver))
    polite = is_polite(newsroom.arrivals, delay=_DELAY)
    if not json:
        show("nothing is missing" if ended_well else "not all that was published is stored once")
        show("each publisher was left its delay" if polite else "a publisher was asked too early")
    return ended_well and is_delivered and polite and killed is not None


def _listen_to_signals(stack: AsyncExitStack) -> asyncio.Event:
    """Return an event that is set by SIGINT, SIGTERM and SIGHUP, after which the nodes are stopped."""
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)
        stack.callback(loop.remove_signal_handler, number)
    return stopped


async def _start(nodes: Sequence[Node]) -> None:
    """Start all nodes at once; raises the first of their errors."""
    results = await asyncio.gather(*(node.start() for node in nodes), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    for node in nodes:
        note(f"{node.name}: status page: {node.address}")


async def _kill_one(arrivals: Arrivals, nodes: Sequence[Node]) -> Killed:
    """Kill the node that has asked a publisher last, in the middle of the demo."""
    await asyncio.sleep(_KILL)
    site, arrival = arrivals.latest or ("nobody", None)
    node = next((node for node in nodes if arrival and node.is_client(arrival.client)), nodes[0])
    await node.kill()
    note(f"killed {node.name} with SIGKILL; it asked {site} last, and the others go on")
    return Killed(node=node.name, at=monotonic())
