"""The form `ninjs`: the record as an IPTC ninjs 3.1 item, as an agency would send it."""

from ingestd.json import to_json
from ingestd.model.message import Message
from ingestd.renderers.forms.form import Form
from ingestd.renderers.ninjs import as_ninjs
from ingestd.renderers.record_items import item_of_message


def render(message: Message) -> bytes:
    """Return the record of a message as a ninjs item.

    A record that may not be shown is an item without content, whose `pubStatus` tells what to do with the versions sent
    before: `canceled` for one that was killed, purged, or merged into another record, `withheld` for one that must not
    be published at present.
    """
    return to_json(as_ninjs(item_of_message(message))).encode("utf-8", "replace")


FORM = Form(name="ninjs", media_type="application/json", needs_record=True, render=render)
