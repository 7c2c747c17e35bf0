"""A day of an invented agency: the messages it sends, their order and their way, and the expected state of each item.

The expected states are computed here, without code of ingestd.
"""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from html import escape
from typing import Literal

Format = Literal["g2", "ninjs", "nitf"]
Status = Literal["usable", "withheld", "canceled"]
Way = Literal["folder", "push"]

FORMATS: tuple[Format, ...] = ("g2", "ninjs", "nitf")
SUFFIXES = {"g2": ".xml", "ninjs": ".json", "nitf": ".xml"}

#: Embargoes, as time after the item is first sent: SOON ends while the day is being sent, LATER does not.
SOON, LATER = timedelta(seconds=3), timedelta(days=1)

_WORDS = (
    "market river council train minister harbour energy court school storm budget union player signal forest engine "
    "border health museum price coast bridge film company village winter police science season launch supply island "
    "ferry keeper orchard furnace lantern meadow quarry"
).split()


@dataclass(kw_only=True)
class Message:
    """A version of an item; `until` is set when it is first sent."""

    guid: str
    number: int
    created: datetime
    format: Format
    headline: str
    paragraphs: tuple[str, ...]
    status: Status = "usable"
    corrects: bool = False
    embargo: timedelta | None = None
    until: datetime | None = None

    @property
    def held(self) -> bool:
        """Whether it must not be published yet when it is sent."""
        return self.status == "withheld" or self.embargo is not None

    @property
    def digest(self) -> str:
        return _digest("\n\n".join(self.paragraphs))

    def document(self, now: datetime) -> bytes:
        """Return the document to send; the same on each call."""
        if self.embargo and not self.until:
            self.until = (now + self.embargo).replace(microsecond=0)
        return _DOCUMENTS[self.format](self)

    def as_sent_in(self, other: Format) -> "Message":
        """Return the same version in another format."""
        return Message(**{**vars(self), "format": other})


@dataclass(frozen=True, kw_only=True)
class Sending:
    """A message and the way by which it is sent; one way delivers the messages of an item in order."""

    message: Message
    way: Way


@dataclass(frozen=True, kw_only=True)
class ExpectedItem:
    """The expected state of an item when all its messages have arrived, in any order."""

    pubstatus: Status
    version: str
    #: Headline and sha256 of the text of the current version; None after a kill, which may keep any version's text.
    current: tuple[str, str] | None
    #: Version, headline, sha256 of the text and status of each revision, sorted; only version and status for a kill.
    revisions: tuple[tuple[str, ...], ...]
    #: The number of kills.
    kills: int
    #: The kinds of its events in order, without `carried`; None if they depend on the order of arrival.
    kinds: tuple[str, ...] | None
    #: Whether its embargo ends while the day is being sent.
    embargoed: bool


@dataclass(frozen=True, kw_only=True)
class Day:
    """All messages in the order in which they are sent, and the expected state of each item by guid."""

    sendings: tuple[Sending, ...]
    expected: dict[str, ExpectedItem]

    def by(self, way: Way) -> list[Message]:
        return [sending.message for sending in self.sendings if sending.way == way]


@dataclass
class _Item:
    """An item: its messages in the order in which they are first sent, and the way of each."""

    messages: list[Message]
    ways: list[Way]
    #: Messages that are sent a second time.
    again: list[Sending] = field(default_factory=list)

    @property
    def in_order(self) -> bool:
        """Whether all its messages are pushed, and so arrive in order."""
        return set(self.ways) | {one.way for one in self.again} == {"push"}


def day(*, items: int, kills: int, at: datetime, seed: int = 7) -> Day:
    """Return a day that begins at `at`, with `items` items, `kills` of them killed; each seed gives another day."""
    rng = random.Random(seed)
    dead = set(rng.sample(range(items), kills))
    placed: list[tuple[float, int, int, Sending]] = []
    expected: dict[str, ExpectedItem] = {}
    for number in range(items):
        created = at - timedelta(days=1) + timedelta(minutes=number % 1000)
        item = _item(rng, f"{seed}:{number}", created, killed=number in dead)
        expected[item.messages[0].guid] = _expected_item(item)
        start, step = rng.random(), rng.choice((0.0005, 0.01, 0.1))
        sent = [Sending(message=one, way=way) for one, way in zip(item.messages, item.ways, strict=True)]
        for place, sending in enumerate((*sent, *item.again)):
            placed.append((start + place * step * rng.random(), number, place, sending))
    return Day(sendings=tuple(_in_order(placed)), expected=expected)


def _in_order(placed: Sequence[tuple[float, int, int, Sending]]) -> Iterator[Sending]:
    """Yield the sendings by time; the messages of one item keep their order."""
    latest: dict[int, float] = {}
    ordered = []
    for moment, number, place, sending in placed:
        latest[number] = max(moment, latest.get(number, 0.0))
        ordered.append((latest[number], number, place, sending))
    for *_, sending in sorted(ordered, key=lambda one: one[:3]):
        yield sending


def _item(rng: random.Random, name: str, created: datetime, *, killed: bool) -> _Item:
    versions = _versions(rng, name, created)
    kind = rng.random()
    plain = False
    if killed:
        versions, plain = _with_kill(rng, versions), True
    elif kind < 0.03:  # under an embargo that ends on this day
        versions = versions[:1]
        versions[0].embargo = SOON
    elif kind < 0.05:
        for version in versions:
            version.embargo = LATER
    elif kind < 0.08:  # withheld, and released by the next version
        versions[0].status = "withheld"
    elif kind < 0.11:  # other content under the same version number
        last = versions[-1]
        versions.append(Message(**{**vars(last), "paragraphs": (*last.paragraphs, "One more line.")}))
        return _Item(versions, ["push"] * len(versions))
    elif kind < 0.25:  # versions that arrive late
        rng.shuffle(versions)
        plain = True
    else:
        plain = True
    way = rng.choice(("folder", "push", "push", None))
    item = _Item(versions, [way or rng.choice(("folder", "push")) for _ in versions])
    if rng.random() < 0.3:
        one = rng.choice(versions)
        other = one.as_sent_in(rng.choice(FORMATS)) if plain else one
        before: Way = item.ways[versions.index(one)]
        # In another format only by the other way: each way sends one format.
        again: Way = "push" if before == "folder" else "folder"
        if other.format == one.format and rng.random() < 0.5:
            again = before
        item.again.append(Sending(message=other, way=again))
    return item


def _versions(rng: random.Random, name: str, created: datetime) -> list[Message]:
    headline = f"{_sentence(rng, 6)[:-1]} {name}"
    chosen = rng.choice(FORMATS)
    versions = []
    for count in range(1, rng.choice((1, 1, 1, 1, 2, 2, 3, 4)) + 1):
        if count > 1 and rng.random() < 0.3:
            headline = f"{_sentence(rng, 6)[:-1]} {name}"
        versions.append(
            Message(
                guid=f"urn:newsml:harbour.example:{created:%Y%m%d}:{name}",
                number=count,
                created=created + timedelta(minutes=count),
                format=chosen,
                headline=headline,
                paragraphs=tuple(_paragraph(rng) for _ in range(rng.randint(3, 8))),
                corrects=count > 1 and rng.random() < 0.3,
            )
        )
    return versions


def _with_kill(rng: random.Random, versions: list[Message]) -> list[Message]:
    """Return versions with a kill of the item: last, first, or before versions that arrive late."""
    last = versions[-1]
    kill = Message(
        guid=last.guid, number=last.number + 1, created=last.created + timedelta(minutes=1), format=last.format,
        headline=last.headline, paragraphs=(), status="canceled",
    )  # fmt: skip
    place = rng.choice((len(versions), len(versions), 0, 1))
    return [*versions[:place], kill, *versions[place:]]


def _expected_item(item: _Item) -> ExpectedItem:
    ordered = sorted(item.messages, key=lambda message: message.created)
    last = ordered[-1]
    killed = last.status == "canceled"
    status: Status = "canceled" if killed else "withheld" if last.held and last.embargo != SOON else "usable"
    revisions = []
    for message in ordered:
        own: Status = status if message is last or killed else "withheld" if message.held else "usable"
        what = () if message.status == "canceled" else (message.headline, message.digest)
        revisions.append((str(message.number), *what, own))
    return ExpectedItem(
        pubstatus=status,
        version=str(last.number),
        current=None if killed else (last.headline, last.digest),
        revisions=tuple(sorted(revisions)),
        kills=int(killed),
        kinds=tuple(_kinds(item.messages)) if item.in_order and last.embargo != SOON else None,
        embargoed=last.embargo == SOON,
    )


def _kinds(messages: Sequence[Message]) -> Iterator[str]:
    """Yield the kinds of events of an item whose versions arrive in this order."""
    newest: Message | None = None
    for message in messages:
        if newest and message.created < newest.created:
            continue
        before, now = newest and _state(newest), _state(message)
        if now != before:
            yield {"canceled": "killed", "withheld": "withheld", "usable": "released" if before else "new"}[now]
        else:
            yield "corrected" if message.corrects else "revised"
        newest = message


def _state(message: Message) -> Status:
    return "withheld" if message.held else message.status


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def digest_of(text: str) -> str:
    """Return the digest by which texts are compared."""
    return _digest(text)


def _sentence(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(_WORDS, k=words)).capitalize() + "."


def _paragraph(rng: random.Random) -> str:
    return " ".join(_sentence(rng, rng.randint(8, 20)) for _ in range(rng.randint(2, 4)))


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _ninjs(message: Message) -> bytes:
    fields = {
        "uri": message.guid, "type": "text", "version": str(message.number), "language": "en",
        "versioncreated": _time(message.created), "pubstatus": message.status, "headline": message.headline,
        "body_text": "\n\n".join(message.paragraphs),
    }  # fmt: skip
    fields |= {"ednote": "CORRECTS second paragraph"} if message.corrects else {}
    fields |= {"embargoed": _time(message.until)} if message.until else {}
    return json.dumps(fields).encode()


def _g2(message: Message) -> bytes:
    meta = f"<itemClass qcode='ninat:text'/><versionCreated>{_time(message.created)}</versionCreated>"
    meta += f"<embargoed>{_time(message.until)}</embargoed>" if message.until else ""
    meta += f"<pubStatus qcode='stat:{message.status}'/>"
    meta += "<signal qcode='sig:correction'/>" if message.corrects else ""
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in message.paragraphs)
    html = f"<html xmlns='http://www.w3.org/1999/xhtml'><head/><body>{paragraphs}</body></html>"
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><newsItem xmlns='http://iptc.org/std/nar/2006-10-01/' "
        f"guid='{message.guid}' version='{message.number}' standard='NewsML-G2' standardversion='2.33' "
        f"xml:lang='en'><itemMeta>{meta}</itemMeta><contentMeta><headline>{escape(message.headline)}</headline>"
        f"</contentMeta><contentSet><inlineXML contenttype='application/xhtml+xml'>{html}</inlineXML></contentSet>"
        f"</newsItem>"
    ).encode()


def _nitf(message: Message) -> bytes:
    data = f"<doc-id id-string='{message.guid}'/><date.issue norm='{message.created:%Y%m%dT%H%M%SZ}'/>"
    data += f"<date.release norm='{message.until:%Y%m%dT%H%M%SZ}'/>" if message.until else ""
    data += f"<du-key key='harbour' version='{message.number}'/>"
    data += "<ed-msg info='CORRECTS second paragraph'/>" if message.corrects else ""
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in message.paragraphs)
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><nitf baselang='en'><head>"
        f"<docdata management-status='{message.status}'>{data}</docdata></head><body><body.head><hedline>"
        f"<hl1>{escape(message.headline)}</hl1></hedline></body.head><body.content>{paragraphs}</body.content>"
        f"</body></nitf>"
    ).encode()


_DOCUMENTS = {"g2": _g2, "ninjs": _ninjs, "nitf": _nitf}
