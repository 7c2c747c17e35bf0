"""The form `thin`: the event alone, as /v1/events has it."""

from ingestd.json import as_dict, to_json
from ingestd.model.message import Message
from ingestd.renderers.forms.form import Form


def render(message: Message) -> bytes:
    """Return the event of a message, with the message's identifier and the epoch of its number."""
    values = {"id": message.id, "epoch": message.epoch, **as_dict(message.event)}
    return to_json(values).encode("utf-8", "replace")


FORM = Form(name="thin", media_type="application/json", needs_record=False, render=render)
