"""`ingestd nodes drain`."""

from ingestd.cli.nodes.options import NameArgument
from ingestd.cli.nodes.state import set_state
from ingestd.cli.options import ConfigOption, JsonOption


def drain(name: NameArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Drain a node: it takes no new work and hands over what it has.

    Within 5 seconds it begins, and within its stop_timeout it is drained, as `ingestd nodes list` then shows.  Its
    daemon goes on without work, also when it is started again, until `ingestd nodes resume`.  Sources that belong to it
    wait.

    Exit status: 0 if it was asked to, 2 if there is no such node or it is lost.
    """
    set_state(name, "draining", config, json=json)
