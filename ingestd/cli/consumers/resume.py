"""`ingestd consumers resume`."""

from ingestd.cli.consumers.options import NameArgument
from ingestd.cli.consumers.state import set_state
from ingestd.cli.options import ConfigOption, JsonOption


def resume(name: NameArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Resume a consumer that is paused or disabled.

    Exit status: 0 on success, 2 if there is no such consumer, or if it is expired: `consumers seek` resumes that.
    """
    set_state(name, "active", config, json=json)
