"""`ingestd sources pause`."""

from ingestd.cli.options import ConfigOption, JsonOption, SourceArgument
from ingestd.cli.sources.state import set_state


def pause(source: SourceArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Pause a source; it is not polled until resumed.

    Exit status: 0 on success, 2 if there is no such source.
    """
    set_state(source, "paused", config, json=json)
