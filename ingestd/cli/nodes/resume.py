"""`ingestd nodes resume`."""

from ingestd.cli.nodes.options import NameArgument
from ingestd.cli.nodes.state import set_state
from ingestd.cli.options import ConfigOption, JsonOption


def resume(name: NameArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Let a node that was drained take work again, within 5 seconds.

    Exit status: 0 on success, 2 if there is no such node.
    """
    set_state(name, "active", config, json=json)
