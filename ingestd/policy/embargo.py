"""Until when an item is held back, by its codes."""

from dataclasses import dataclass
from datetime import datetime

from ingestd.items import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """That an item is not to be published yet."""

    #: None: until the agency says otherwise.
    until: datetime | None
    #: Why, in a few words.
    reason: str


def held(item: Item) -> Hold | None:
    """Return until when an item is held back; None where it is not."""
    if item.embargoed:
        return Hold(until=item.embargoed, reason="embargoed")
    if item.pubstatus == "withheld":
        return Hold(until=None, reason="pubstatus withheld")
    return None
