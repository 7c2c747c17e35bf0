"""Send an example to a consumer's endpoint, and say what it answered."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from ingestd.delivery.consumer_settings import kind_settings, known_kind
from ingestd.delivery.kinds.kind import Opening, Rendered
from ingestd.errors import DeliveryError, FetchError, UsageError
from ingestd.model.article import Article
from ingestd.model.consumer import Consumer
from ingestd.model.event import Event
from ingestd.model.message import Message
from ingestd.model.record import Record
from ingestd.renderers.forms import FORMS
from ingestd.settings import Settings
from ingestd.web.fetcher import Fetcher

#: Seconds for the whole test: to connect, to log in and to send.
TIMEOUT = 60.0

#: The kind of the event, which no event of the log has.
KIND: Any = "test"
_HEADLINE = "Test message from ingestd"
_TEXT = "This is no news. It shows that messages for a consumer of ingestd arrive here."


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """The result of a test message."""

    #: Its identifier.
    id: str
    delivered: bool
    #: HTTP status; None: there was no answer, or the protocol has none.
    status: int | None
    #: What went wrong; None: it was delivered.
    error: str | None
    #: The first kilobyte of the answer, or what was done where there is none.
    excerpt: str | None


def example_message(now: datetime) -> Message:
    """Return an example message.

    Its event has the kind `test` and the number 0.  Its epoch is made up, so its identifier is none of a real message,
    and an endpoint that knows identifiers takes each test.
    """
    epoch = str(uuid4())
    guid = f"urn:uuid:{epoch}"
    event = Event(
        seq=0, kind=KIND, at=now, record_id=0, revision=1, guid=guid, uri=None, pubstatus="usable", headline=_HEADLINE,
        versioncreated=now, entry_id=0, entry_url=None, source_id=0, source_url="ingestd:test", source_title="ingestd",
    )  # fmt: skip
    article = Article(
        headline=_HEADLINE, body_text=_TEXT, body_html=f"<p>{_TEXT}</p>", versioncreated=now, language="en"
    )
    record = Record(
        id=0, guid=guid, revision=1, pubstatus="usable", article=article, content_hash="0" * 64, seen_at=now
    )
    return Message(epoch=epoch, event=event, record=record)


async def send_test(consumer: Consumer, operator: Settings, fetcher: Fetcher, now: datetime) -> Tested:
    """Send an example to the endpoint of a consumer, whatever its state and filter; nothing is stored.

    Raises UsageError when the consumer sends nothing, ConfigError when a library is missing.
    """
    kind = known_kind(consumer.kind)
    if kind.open is None:
        raise UsageError(
            f"nothing is sent to consumer {consumer.name}: readers of the kind {kind.name} ask for their messages"
        )
    message = example_message(now)
    form = next(form for form in FORMS if form.name == consumer.form)
    rendered = Rendered(message=message, body=form.render(message), media_type=form.media_type, is_example=True)
    opening = Opening(
        consumer=consumer, settings=kind_settings(kind, consumer.settings), operator=operator, fetcher=fetcher
    )
    try:
        async with asyncio.timeout(TIMEOUT), kind.open(opening) as sender:
            receipt = await sender.send(rendered)
    except TimeoutError:
        return Tested(
            id=message.id, delivered=False, status=None, error=f"no answer within {TIMEOUT:g} s", excerpt=None
        )
    except (DeliveryError, FetchError) as error:
        status, excerpt = getattr(error, "status", None), getattr(error, "excerpt", None)
        return Tested(id=message.id, delivered=False, status=status, error=str(error), excerpt=excerpt)
    return Tested(
        id=message.id, delivered=True, status=receipt.status, error=None, excerpt=receipt.done or receipt.excerpt
    )
