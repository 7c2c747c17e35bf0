"""`ingestd consumers pause`."""

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.consumers.state import set_state
from ingestd.cli.options import ConfigOption, JsonOption


def pause(name: NameArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Pause a consumer; it keeps its place until resumed.

    Exit status: 0 on success, 2 if there is no such consumer.
    """
    set_state(name, "paused", config, json=json)
