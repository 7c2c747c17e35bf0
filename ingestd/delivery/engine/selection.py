"""Which events match the filter of a consumer."""

from collections.abc import Sequence

from ingestd import filters
from ingestd.model.event import Event
from ingestd.store.consumers import candidates
from ingestd.store.database import Database


class Selection:
    """The filter of one consumer."""

    def __init__(self, database: Database, text: str) -> None:
        """Parse a filter; raises FilterError."""
        self._database = database
        self._filter = filters.parse(text) if text.strip() else None

    async def matching(self, events: Sequence[Event]) -> list[Event]:
        """Return those events that match; raises StoreError."""
        if self._filter is None or not events:
            return list(events)
        async with self._database.snapshot() as connection:
            found = await candidates.read(connection, events, self._filter.fields, by_revisions=True)
        return [event for event, one in zip(events, found, strict=True) if self._filter.matches(one)]
