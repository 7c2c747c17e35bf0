"""Names of the files that messages become."""

import re

from ingestd.model.event import Event

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
#: Characters of a guid in a name; its end tells more than its beginning, which the items of an agency share.
_MAX_GUID = 80


def file_name(event: Event, suffix: str) -> str:
    """Return the name of the file for an event, the same each time: a message that is sent again replaces its file.

    The number comes first and has 12 digits, so that names sort as events do.
    """
    guid = _UNSAFE.sub("-", event.guid)[-_MAX_GUID:].strip("-.") or "item"
    return f"{event.seq:012d}-{event.kind}-{guid}.{suffix}"
