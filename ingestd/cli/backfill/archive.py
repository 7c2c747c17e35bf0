"""`ingestd backfill archive`."""

from ingestd.cli.backfill.options import DocumentsOption
from ingestd.cli.backfill.run import NewBackfill, start
from ingestd.cli.options import ConfigOption, JsonOption, SourceArgument


def archive(
    source: SourceArgument,
    documents: DocumentsOption = 10_000,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Import the archive documents of a feed (RFC 5005).

    Follows the links from each document to the one before it.

    Exit status: 0 if every page became a record, 1 if the list or an entry failed, 130 if interrupted.
    """
    start(NewBackfill(kind="archive", argument=source, options={}), documents, config, json=json)
