"""`ingestd records release`."""

from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.records.decide import ReasonOption, decide
from ingestd.cli.records.options import RecordArgument
from ingestd.store.records import operator_decisions


def release(
    record: RecordArgument, reason: ReasonOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Release a withheld record.

    For one whose agency seemed to say in words that it is killed and did not, or to end an embargo before its time. An
    event `released` tells consumers to publish it. A killed record cannot be released.

    Exit status: 0 on success, 2 if there is no such record or it is not withheld.
    """
    decide(record, operator_decisions.release, "released", reason=reason, config=config, json=json)
