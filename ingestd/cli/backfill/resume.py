"""`ingestd backfill resume`."""

from ingestd.cli.backfill.options import DocumentsOption, NumberArgument
from ingestd.cli.backfill.run import start
from ingestd.cli.options import ConfigOption, JsonOption


def resume(
    number: NumberArgument,
    documents: DocumentsOption = 10_000,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Resume a backfill that was stopped, killed or failed.

    Exit status: 0 if every page became a record, 1 if the list or an entry failed, 2 if there is nothing to resume,
    130 if interrupted.
    """
    start(number, documents, config, json=json)
