"""`ingestd consumers failures`."""

import asyncio
from typing import Annotated, Any

import typer

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show_json, show_table
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.delivery import management
from ingestd.errors import UsageError
from ingestd.model.consumer import FailedState

_STATES: tuple[FailedState, ...] = ("waiting", "blocked", "dead")
_COLUMNS = ("seq", "record_id", "state", "attempts", "last_at", "next_at", "status", "error")
_ATTEMPT_COLUMNS = ("attempt", "at", "delivered", "status", "error", "excerpt")


def failures_(
    name: NameArgument,
    event: Annotated[
        int | None, typer.Argument(metavar="SEQ", help="List the attempts at the message about this event.")
    ] = None,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help=f"Only messages that are {', '.join(_STATES)}.")
    ] = None,
    after: Annotated[int, typer.Option("--after", min=0, metavar="N", help="Continue after event N.")] = 0,
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="List at most N messages.")] = 100,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """List messages that a consumer was not sent, or their attempts.

    waiting: it is tried again at the time given; blocked: it waits for an earlier message about the same record; dead:
    it is tried again only by `consumers redeliver`.

    Exit status: 0 on success, 2 if there is no such consumer.
    """
    if state is not None and state not in _STATES:
        raise UsageError(f"there is no state {state!r}; the states are {', '.join(_STATES)}")
    states = [one for one in _STATES if one == state]

    async def work() -> list[dict[str, Any]]:
        async with open_for_reading(config) as database, database.read() as connection:
            log_disclosure("consumers failures", include_withheld=include_withheld)
            if event is not None:
                return await management.attempts(connection, name, event, include_withheld=include_withheld)
            return await management.failed(
                connection, name, states=states, after=after, limit=limit, include_withheld=include_withheld
            )

    found = asyncio.run(work())
    if json:
        show_json(found)
        return
    if not found:
        note(f"no attempt at event {event} has failed" if event is not None else "no message waits, is blocked or dead")
    columns = _COLUMNS if event is None else _ATTEMPT_COLUMNS
    show_table(columns, [[one[column] for column in columns] for one in found])
