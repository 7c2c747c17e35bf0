"""Options that the commands of `ingestd records` share."""

from typing import Annotated, cast, get_args

import typer

from ingestd.errors import UsageError
from ingestd.model.item import PubStatus
from ingestd.store.records.records import Status

RecordArgument = Annotated[str, typer.Argument(metavar="RECORD", help="Number, guid or URL of a record.")]


LimitOption = Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="List at most N records.")]


SourceOption = Annotated[
    str | None, typer.Option("--source", metavar="SOURCE", help="Only records carried by this source.")
]


STATUSES = (*get_args(PubStatus), "all")


StatusOption = Annotated[
    str | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help=f"Only records with this status: {', '.join(STATUSES)}. Default: usable, with --include-withheld all.",
    ),
]


def parse_status(name: str | None, *, include_withheld: bool) -> Status:
    """Return the status that records must have; naming another than usable includes withheld or killed ones as well.

    Raises UsageError.
    """
    if name is None:
        name = "all" if include_withheld else "usable"
    if name not in STATUSES:
        raise UsageError(f"unknown status {name!r}; choose from {', '.join(STATUSES)}")
    return cast("Status", name)
