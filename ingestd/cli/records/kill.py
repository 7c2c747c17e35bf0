"""`ingestd records kill`."""

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.records.decide import ReasonOption, decide
from ingestd.cli.records.options import RecordArgument
from ingestd.store.records import operator_decisions


def kill(
    record: RecordArgument, reason: ReasonOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Kill a record, as if its agency had killed it.

    It is `canceled` with all its revisions, shown nowhere without --include-withheld, and an event `killed` tells
    consumers to take it back. Its text stays; `records purge` erases it. Only a newer version of its agency undoes a
    kill. `records list --unconfirmed-kills` lists the records whose agency says in words that they are killed.

    Exit status: 0 on success, 2 if there is no such record or it is killed already.
    """
    decide(record, operator_decisions.kill, "killed", reason=reason, config=config, json=json)
