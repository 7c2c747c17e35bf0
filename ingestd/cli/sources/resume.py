"""`ingestd sources resume`."""

from ingestd.cli.options import ConfigOption, JsonOption, SourceArgument
from ingestd.cli.sources.state import set_state


def resume(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Resume a paused source and poll it at once.

    Exit status: 0 on success, 2 if there is no such source.
    """
    set_state(source, "active", config, json=json)
