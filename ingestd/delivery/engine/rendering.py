"""Messages in their forms: each is loaded and rendered once for all consumers that get it at about the same time."""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from ingestd.delivery import messages
from ingestd.model.event import Event
from ingestd.model.message import Message
from ingestd.renderers.forms.form import Form
from ingestd.store.database import Database

log = structlog.get_logger(__name__)

#: Rendered messages that are kept in memory, and their bytes, at most.
_MOST, _MOST_BYTES = 1_000, 16_000_000

#: Messages that are rendered before others may use the event loop.
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Content:
    """A message as it is sent."""

    message: Message
    body: bytes


class Renderings:
    """Renders messages, and keeps the last ones."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[tuple[str, int], Content] = OrderedDict()
        self._bytes = 0
        self._loading = asyncio.Lock()

    def clear(self) -> None:
        """Forget all: numbers mean other events now."""
        self._kept.clear()
        self._bytes = 0

    async def render(self, events: Sequence[Event], form: Form, epoch: str) -> dict[int, Content | str]:
        """Return the messages about events by number; a text says why one could not be rendered.

        A message that is in memory may have been loaded before a kill of its record: the caller sends none before the
        last kill that it knows.

        Raises StoreError.
        """
        found: dict[int, Content | str] = {}
        async with self._loading:
            missing = []
            for event in events:
                if kept := self._kept.get((form.name, event.seq)):
                    self._kept.move_to_end((form.name, event.seq))
                    found[event.seq] = kept
                else:
                    missing.append(event)
            if not missing:
                return found
            async with self._database.snapshot() as connection:
                loaded = await messages.of_events(connection, missing, epoch=epoch, records=form.needs_record)
            for number, message in enumerate(loaded):
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)
                found[message.event.seq] = self._rendered(message, form)
        return found

    def _rendered(self, message: Message, form: Form) -> Content | str:
        try:
            content = Content(message, form.render(message))
        except Exception as error:
            # One message that cannot be written stops its record, and no other.
            log.exception("bug", doing="render", form=form.name, seq=message.event.seq)
            return f"cannot be written in the form {form.name}: {type(error).__name__}; see the log"
        self._kept[form.name, message.event.seq] = content
        self._bytes += len(content.body)
        while len(self._kept) > _MOST or self._bytes > _MOST_BYTES:
            _, gone = self._kept.popitem(last=False)
            self._bytes -= len(gone.body)
        return content
