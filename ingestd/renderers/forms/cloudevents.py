"""The form `cloudevents`: CloudEvents 1.0 in its JSON format, one event with its data in one document."""

from ingestd.json import to_json
from ingestd.model.message import Message
from ingestd.renderers.forms import full
from ingestd.renderers.forms.form import Form
from ingestd.times import iso


def render(message: Message) -> bytes:
    """Return a message as a CloudEvent, whose `data` is the message in the form `full`.

    Its `id` is the message's, and its `source` the epoch of the event log: together they name an event for good
    (CloudEvents 1.0, "source").
    """
    event = message.event
    values = {
        "specversion": "1.0",
        "id": message.id,
        "source": f"urn:uuid:{message.epoch}",
        "type": f"ingestd.record.{event.kind}",
        "subject": event.guid,
        "time": iso(event.at),
        "datacontenttype": "application/json",
        "data": full.as_json(message),
    }
    return to_json(values).encode("utf-8", "replace")


FORM = Form(name="cloudevents", media_type="application/cloudevents+json", needs_record=True, render=render)
