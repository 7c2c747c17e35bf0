"""`ingestd nodes list`."""

import asyncio

from ingestd.cli.database import open_for_reading
from ingestd.cli.nodes.options import as_json
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.store.nodes import control
from ingestd.store.nodes.listing import Node, list_nodes
from ingestd.store.polls import node_sources

_COLUMNS = ("name", "state", "version", "seen", "at_work", "sites", "claimed", "sources", "streams", "cpus", "address")


def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """List the nodes, what they work on and what they hold.

    A node is a daemon; the setting node names it.  "seen" is how long ago it gave its last sign of life, "at_work" its
    polls, pages and revisits under way, "sites" those that it has for its turns, "claimed" its sources and entries, and
    "sources" those that belong to it.  A lost node gives no sign of life.

    Exit status: 0 on success.
    """

    async def work() -> tuple[list[Node], str | None, int]:
        async with open_for_reading(config) as database, database.read() as connection:
            found = await list_nodes(connection)
            least = await control.min_version(connection)
            loose = await node_sources.count_local_folders(connection)
            return found, least, loose

    found, least, loose = asyncio.run(work())
    if json:
        show_json([as_json(node) for node in found])
        return
    if not found:
        note("no nodes yet; `ingestd run` starts one")
    show_table(_COLUMNS, [_row(node) for node in found])
    if least:
        note(f"releases before {least} do not start on this database")
    at_work = [node for node in found if node.state == "active"]
    if loose and len(at_work) > 1:
        note(f"{loose} drop folders belong to no node, so each node reads them; `ingestd sources set ID --node NAME`")


def _row(node: Node) -> tuple[object, ...]:
    claimed = node.claimed_sources + node.claimed_entries
    return (
        node.name, node.state, node.version, f"{node.silent_for:.0f}s ago", node.at_work, node.sites, claimed,
        node.own_sources,
        node.work.get("streams", 0), node.cpus, node.address,
    )  # fmt: skip
