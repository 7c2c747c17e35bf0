"""`ingestd consumers set`."""

import asyncio
from typing import Annotated

import typer

from ingestd.cli.consumers.options import FilterOption, FormOption, NameArgument, SetOption, parse_settings
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show_result
from ingestd.cli.settings import load_settings
from ingestd.delivery import management
from ingestd.errors import UsageError


def set_(
    name: NameArgument,
    filter_: FilterOption = None,
    form: FormOption = None,
    settings: SetOption = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="KEY", help="Give a setting its default again; repeatable.")
    ] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Change the filter, form or settings of a consumer.

    What it has passed is not sent again: `consumers seek` and `consumers replay` do that.

    Exit status: 0 on success, 2 if there is no such consumer, or something that is given is wrong.
    """
    values = {**parse_settings(settings), **dict.fromkeys(unset or (), None)}
    if filter_ is None and form is None and not values:
        raise UsageError("nothing to change: give --filter, --form, --set or --unset")

    operator = load_settings(config)

    async def work() -> None:
        async with open_database(operator) as database, database.write() as connection:
            await management.change(
                connection, name, filter=filter_, form=form, settings=values or None, operator=operator
            )

    asyncio.run(work())
    names = [*(["filter"] if filter_ is not None else []), *(["form"] if form is not None else []), *values]
    show_result({"name": name, "changed": names}, f"consumer {name}: changed {', '.join(names)}", json=json)
