"""`ingestd sources remove`."""

from ingestd.cli.options import ConfigOption, JsonOption, SourceArgument
from ingestd.cli.sources.state import set_state


def remove(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Remove a source; its entries and records stay.

    Exit status: 0 on success, 2 if there is no such source.
    """
    set_state(source, "removed", config, json=json)
