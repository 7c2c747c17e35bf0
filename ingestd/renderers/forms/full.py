"""The form `full`: the event and, in `record`, all fields of its record, as `records show --json` has them."""

from typing import Any

from ingestd.json import as_dict, to_json
from ingestd.model.message import Message
from ingestd.renderers.forms.form import Form
from ingestd.renderers.record_json import record_as_json


def as_json(message: Message) -> dict[str, Any]:
    """Return a message in plain values; `record` is null while the record may not be shown."""
    record = message.record and record_as_json(message.record)
    return {"id": message.id, "epoch": message.epoch, **as_dict(message.event), "record": record}


def render(message: Message) -> bytes:
    """Return the event of a message, with its record."""
    return to_json(as_json(message)).encode("utf-8", "replace")


FORM = Form(name="full", media_type="application/json", needs_record=True, render=render)
