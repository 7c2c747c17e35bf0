"""The interface of a form."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestd.model.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a message is written: its name, its media type and its function."""

    name: str
    media_type: str
    #: Whether it writes more of a record than its event has; else messages need no record.
    needs_record: bool
    #: Returns a message as one line of JSON in UTF-8; notes that are not public are left out.
    render: Callable[[Message], bytes]
