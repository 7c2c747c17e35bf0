"""Frames of server-sent events (WHATWG HTML, 9.2): messages as a stream writes them, with their record and kind.

They are made a batch at a time: one read of the log, of the records and of what filters need serves all clients that
take the same form.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd import filters
from ingestd.delivery import messages
from ingestd.errors import UsageError
from ingestd.model.event import Event, EventKind
from ingestd.model.message import Message, message_id
from ingestd.renderers.forms import FORMS
from ingestd.renderers.forms.form import Form
from ingestd.store.consumers import candidates
from ingestd.store.consumers.sight import Sight
from ingestd.store.events import event_log


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which messages a client gets: those that both filters let through, which are in their canonical form."""

    #: The one of its token or consumer, which an operator has set.
    allowed: str = ""
    #: The one that it has chosen.
    asked: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A message as it is written, and what decides to whom."""

    seq: int
    record_id: int
    kind: EventKind
    content: bytes
    #: Whether the filters let the message through.
    passes: Mapping[Wanted, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Frames:
    """Frames in order of their numbers, and up to which number these are all."""

    frames: tuple[Frame, ...]
    #: The filters that they were made for.
    wanted: frozenset[Wanted]
    after: int
    newest: int
    epoch: str


def form_named(name: str) -> Form:
    """Return the form with a name; raises UsageError."""
    for form in FORMS:
        if form.name == name:
            return form
    raise UsageError(f"no form {name!r}; use one of {', '.join(form.name for form in FORMS)}")


async def read(
    connection: AsyncConnection,
    after: int,
    *,
    epoch: str | None,
    form: Form,
    wanted: Collection[Wanted],
    limit: int,
    sees: str = "",
) -> Frames:
    """Return the frames of at most `limit` events after a number, for the clients with the `wanted` filters.

    A message that no filter lets through has no frame.  Messages are written for readers with the filter `sees`, and
    tell nothing of sources and records that it rules out.

    Raises CursorExpired and UsageError as `event_log.read_after`.
    """
    batch = await event_log.read_after(connection, after, epoch=epoch, limit=limit)
    allowed = await _matches(connection, batch.events, {one.allowed for one in wanted}, by_revisions=True)
    asked = await _matches(connection, batch.events, {one.asked for one in wanted}, by_revisions=False)
    passes = [
        {one: by_allowed[one.allowed] and by_asked[one.asked] for one in wanted}
        for by_allowed, by_asked in zip(allowed, asked, strict=True)
    ]
    chosen = [(event, given) for event, given in zip(batch.events, passes, strict=True) if any(given.values())]
    loaded = await messages.of_events(
        connection, [event for event, _ in chosen], epoch=batch.epoch, records=form.needs_record
    )
    if sees:
        loaded = await _as_seen(connection, loaded, Sight(filters.parse(sees)))
    given_to = {event.seq: given for event, given in chosen}
    frames = tuple(
        Frame(
            seq=message.event.seq, record_id=message.event.record_id, kind=message.event.kind,
            content=frame_of(message, form), passes=given_to[message.event.seq],
        )
        for message in loaded
    )  # fmt: skip
    return Frames(frames=frames, wanted=frozenset(wanted), after=batch.after, newest=batch.newest, epoch=batch.epoch)


async def _as_seen(connection: AsyncConnection, found: Sequence[Message], sight: Sight) -> list[Message]:
    """Return messages as a reader sees them; those of which it sees nothing are left out."""
    events = {one.seq: one for one in await sight.of_events(connection, [message.event for message in found])}
    shown = [replace(message, event=events[message.event.seq]) for message in found if message.event.seq in events]
    records = iter(await sight.of_records(connection, [one.record for one in shown if one.record]))
    return [replace(one, record=next(records)) if one.record else one for one in shown]


async def _matches(
    connection: AsyncConnection, events: Sequence[Event], texts: Collection[str], *, by_revisions: bool
) -> list[dict[str, bool]]:
    """Return of each event which filters let it through."""
    parsed = {text: filters.parse(text) for text in texts}
    if not any(parsed):  # an empty filter asks nothing
        return [dict.fromkeys(parsed, True) for _ in events]
    fields = frozenset[str]().union(*(one.fields for one in parsed.values()))
    seen = await candidates.read(connection, events, fields, by_revisions=by_revisions)
    return [{text: one.matches(candidate) for text, one in parsed.items()} for candidate in seen]


def frame_of(message: Message, form: Form) -> bytes:
    """Return a message as an event of the stream; a form renders one line, so its data is one."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (
        message.id.encode(), message.event.kind.encode(), form.render(message),
    )  # fmt: skip


def position_frame(epoch: str, seq: int) -> bytes:
    """Return a comment that also tells a client up to where it has got everything: an event without data is none."""
    return b": %d\nid: %b\n\n" % (seq, message_id(epoch, seq).encode())


def parse_position(text: str) -> tuple[str, int]:
    """Return epoch and number of the identifier of an event; raises UsageError."""
    epoch, _, number = text.rpartition("-")
    if not (epoch and number.isascii() and number.isdigit() and len(number) <= 18):
        raise UsageError("Last-Event-ID is no identifier of an event; send the `id` of the last one that was read")
    return epoch, int(number)
