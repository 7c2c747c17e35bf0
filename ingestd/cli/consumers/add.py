"""`ingestd consumers add`."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from ingestd.cli.consumers.options import FilterOption, FormOption, SetOption, parse_settings
from ingestd.cli.database import open_database
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import note, show, show_json
from ingestd.cli.settings import load_settings
from ingestd.delivery import management
from ingestd.delivery.consumer_settings import known_kind
from ingestd.delivery.kinds import KINDS
from ingestd.errors import UsageError


def add(  # noqa: PLR0917 - typer's options are arguments
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name: a-z, 0-9, '.', '_' and '-'.")],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help=f"How it gets its messages: {', '.join(KINDS)}.")],
    filter_: FilterOption = None,
    form: FormOption = None,
    after: Annotated[
        int | None, typer.Option("--after", min=0, metavar="N", help="Begin after event N. Default: with the next one.")
    ] = None,
    from_start: Annotated[bool, typer.Option("--from-start", help="Begin with the first event that is kept.")] = False,
    settings: SetOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Add a consumer, which gets the events of the log.

    Without --form, messages are written in full, and those of a feed, which nobody gets, as thin.

    A running daemon begins to deliver within a second. A secret that is generated is printed, this once.

    Exit status: 0 on success, 2 if the name is taken, or a kind, setting, filter, form or number is wrong.
    """
    if after is not None and from_start:
        raise UsageError("give --after or --from-start, not both")
    given, operator = parse_settings(settings), load_settings(config)

    async def work() -> tuple[dict[str, Any], dict[str, Any]]:
        async with open_database(operator) as database, database.write() as connection:
            consumer = await management.add(
                connection, name=name, kind=kind, filter=filter_ or "", form=form, settings=given,
                after=0 if from_start else after, operator=operator, now=datetime.now(UTC),
            )  # fmt: skip
            shown = await management.described(connection, name, secrets=True)
        generated = {key: value for key, value in consumer.settings.items() if key not in given}
        shown["settings"] = {
            key: "(hidden)" if _hides(kind, key, given) else value for key, value in shown["settings"].items()
        }
        return shown, generated

    shown, generated = asyncio.run(work())
    if json:
        show_json(shown)
        return
    show(f"consumer {name}: {kind}, form {shown['form']}, gets the events after number {shown['cursor']}")
    for key, value in generated.items():
        show(f"{key}: {value}")
    if generated.keys() & known_kind(kind).secrets:
        note(f"keep it: later only `ingestd consumers show {name} --secrets` shows it")
    note(known_kind(kind).next_step.format(name=name))


def _hides(kind: str, key: str, given: dict[str, Any]) -> bool:
    """Return whether a setting is a secret that the operator has given himself."""
    return key in known_kind(kind).secrets and key in given
