"""`ingestd consumers drop`."""

import asyncio

from ingestd.cli.consumers.options import NameArgument, RangeArgument, parse_range
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.errors import NotFound
from ingestd.store.consumers import consumers, failures


def drop(name: NameArgument, events: RangeArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Give up messages that wait, are blocked or dead.

    Exit status: 0 on success, 2 if there is no such consumer, or no such message.
    """
    first, last = parse_range(events)

    async def work() -> int:
        async with open_database(config) as database, database.write() as connection:
            consumer = await consumers.find(connection, name)
            count = await failures.drop(connection, consumer, first=first, last=last)
            if not count:
                raise NotFound(f"consumer {name} has no such message; `ingestd consumers failures {name}` lists them")
            return count

    count = asyncio.run(work())
    show_result({"name": name, "dropped": count}, f"consumer {name}: {count} messages are given up", json=json)
