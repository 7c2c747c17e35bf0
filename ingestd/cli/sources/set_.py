"""`ingestd sources set`."""

import asyncio
from typing import Annotated, Any

import typer

from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption, SourceArgument
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.errors import UsageError
from ingestd.policy.polling.fixed_interval import fixed_interval
from ingestd.store.nodes import control
from ingestd.store.nodes.nodes import ANY
from ingestd.store.polls import sources
from ingestd.urls import without_userinfo


def set_(
    source: SourceArgument,
    title: Annotated[str | None, typer.Option(metavar="TEXT", help="Title to list the source under.")] = None,
    interval: Annotated[
        str | None,
        typer.Option(metavar="DURATION", help="Poll at this fixed interval, as in 30m; auto: adapt to the source."),
    ] = None,
    robots: Annotated[
        bool | None, typer.Option("--robots/--no-robots", help="Obey robots.txt when fetching the feed itself.")
    ] = None,
    revisits: Annotated[
        bool | None, typer.Option("--revisits/--no-revisits", help="Fetch the pages of its articles again later.")
    ] = None,
    node: Annotated[
        str | None,
        typer.Option("--node", metavar="NAME", help="Let only this node poll it, as for a folder; any: all nodes may."),
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Change the title, interval or options of a source.

    Exit status: 0 on success, 2 if there is no such source or node, or nothing to change.
    """
    given = {
        "title": title, "interval": interval, "obeys_robots": robots, "revisits": revisits, "node": node,
    }  # fmt: skip
    values: dict[str, object] = {name: value for name, value in given.items() if value is not None}
    if not values:
        raise UsageError("nothing to change: give --title, --interval, --robots, --revisits or --node")

    async def work() -> dict[str, Any]:
        async with open_database(config) as database, database.write() as connection:
            row = await sources.find(connection, source)
            if interval is not None:
                auto = interval == "auto"
                floor = load_settings(config).interval_floor
                values["interval"] = None if auto else fixed_interval(interval, row.url, floor=floor)
            if robots is not None and not row.url.startswith("http"):
                raise UsageError(f"{without_userinfo(row.url)} has no robots.txt; leave out --robots and --no-robots")
            if node is not None:
                values["node"] = None if node == ANY else (await control.find(connection, node)).name
            await sources.change(connection, row.id, **values)
        return {"id": row.id, "url": without_userinfo(row.url), **values}

    changed = asyncio.run(work())
    show_result(
        changed, f"source {changed['id']}: {', '.join(f'{key} {value}' for key, value in values.items())}", json=json
    )
