"""Draws of documents in stories, all invented: copies by what was done to them, and texts that only look like copies.

A draw has the fields that `benchmarks/stories.py` reads, and its truth those that `benchmarks/stories_score.py` scores.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.copied_texts import KINDS, Desk, Paragraphs
from tests.support.invented_languages import LANGUAGES, Language, Writer

_START = datetime(2026, 6, 1, tzinfo=UTC)
_AGENCIES = ("AFP", "dpa", "Reuters", "AP", "EFE", "ANSA", "PA", "AAP")
#: Copies of each original.
_COPIES = 9


@dataclass
class Draw:
    """A set of documents with its truth; `size` is the number of originals that are copied."""

    seed: int
    size: int
    documents: list[dict[str, Any]] = field(default_factory=list)
    truth: list[dict[str, Any]] = field(default_factory=list)
    pairs: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(f"draw {self.seed}")
        self._at = _START
        self._stories = 0
        for number in range(self.size):
            self._copied(LANGUAGES[number % len(LANGUAGES)], number)
        for number in range(max(2, self.size // 4)):
            for make in _OTHERS:
                make(self, LANGUAGES[(self.seed + number) % len(LANGUAGES)])
        seen = {one["id"]: one["seen"] for one in self.documents}
        self.documents.sort(key=lambda one: (one["seen"], one["id"]))
        self.truth.sort(key=lambda one: (seen[one["id"]], one["id"]))

    def story(self) -> str:
        """Begin a story, a while after the one before."""
        self._stories += 1
        self._at = _START + timedelta(minutes=self.chance.randint(0, 30 * 24 * 60))
        return f"s{self._stories}"

    def writer(self, language: Language) -> Writer:
        return Writer(language, f"{self.seed} {self.chance.random()}")

    def desk(self, language: Language) -> Desk:
        return Desk(self.writer(language), random.Random(f"{self.seed} {self.chance.random()}"))

    def paper(self) -> str:
        return f"paper-{self.chance.randint(1, 400):03}.example"

    def after(self, least: float = 0.3, most: float = 20) -> datetime:
        """Return a time some hours after the story began."""
        return self._at + timedelta(hours=self.chance.uniform(least, most))

    def add(self, story: str, kind: str, text: str, headline: str, *, at: datetime | None = None, **said: Any) -> str:
        """Add a document, of a story of its own paper unless something else is said; return its id."""
        at = at or self._at
        number = f"d{len(self.documents):05}"
        seen = at + timedelta(minutes=self.chance.uniform(2, 38))
        printed = f"{at:%Y-%m-%dT%H:%M:%SZ}" if self.chance.random() < 0.85 else None
        document = {
            "id": number,
            "seen": f"{seen:%Y-%m-%dT%H:%M:%SZ}",
            "source": self.paper(),
            "published": printed,
            "language": None,
            "headline": headline,
            "byline": None,
            "dateline": None,
            "body_text": text,
            "guid": None,
            "version": None,
            "provider": None,
            "pubstatus": "usable",
        }
        true = {
            "id": number, "story": story, "record": said.get("guid") or number, "kind": kind, "role": "single",
            "at": at, "origins": [], "via": None, "credits": [], "first_carrier": None,
        }  # fmt: skip
        for name, value in said.items():
            (document if name in document else true)[name] = value
        self.documents.append(document)
        self.truth.append(true)
        return number

    def pair(self, first: str, second: str, kind: str, *, same: bool) -> None:
        self.pairs.append({"a": first, "b": second, "same": same, "kind": kind})

    def apart(self, numbers: Sequence[str], kind: str) -> None:
        for place, first in enumerate(numbers):
            for second in numbers[place + 1 :]:
                self.pair(first, second, kind, same=False)

    def headline(self, writer: Writer) -> str:
        return writer.sentence(words=(6, 9)).rstrip(".。। ")

    def original(self, language: Language, paragraphs: int | None = None) -> tuple[Writer, Paragraphs, str]:
        """Return the paragraphs of a story, and its headline."""
        writer = self.writer(language)
        names = [writer.name() for _ in range(4)]
        count = paragraphs or self.chance.randint(6, 14)
        return writer, [writer.paragraph(names) for _ in range(count)], self.headline(writer)

    def agency_item(self, story: str, text: str, headline: str, agency: str, **said: Any) -> str:
        said = {"role": "origin", "provider": agency, "source": f"wire-{agency.lower()}", **said}
        return self.add(story, "origin", text, headline, **said)

    def _copied(self, language: Language, number: int) -> None:
        """Add an original, of an agency or a paper, and copies of it and of them."""
        story = self.story()
        _, paragraphs, headline = self.original(language)
        agency = self.chance.choice(_AGENCIES) if self.chance.random() < 0.7 else None
        text = self.desk(language).text(paragraphs)
        if agency:
            origin = self.agency_item(story, text, headline, agency)
        else:
            origin = self.add(story, "origin", text, headline, role="origin")
        kinds = [*KINDS]
        carriers = []
        for step in range(_COPIES):
            kind = kinds[(number * _COPIES + step) % len(kinds)]
            carriers.append(self._copy(story, language, kind, paragraphs, headline, origin, agency))
        self._second_hand(story, language, paragraphs, headline, origin)
        self.set_first(story)

    def _copy(
        self,
        story: str,
        language: Language,
        kind: str,
        paragraphs: Paragraphs,
        headline: str,
        origin: str,
        agency: str | None,
    ) -> str:
        desk = self.desk(language)
        text = KINDS[kind](desk, [[*sentences] for sentences in paragraphs])
        said: dict[str, Any] = {"role": "carrier", "origins": [origin]}
        credit = self.chance.choice(["byline", "end", None]) if agency else None
        if credit:
            said["credits"] = [agency]
        if credit == "byline":
            said["byline"] = agency
        if credit == "end":
            text += f" ({agency})"
        if not agency and self.chance.random() < 0.5:
            source = next(one["source"] for one in self.documents if one["id"] == origin)
            text += f"\n\nThis article first appeared in {source}."
        title = headline if self.chance.random() < 0.5 else self.headline(desk.writer)
        copy = self.add(story, kind, text, title, at=self.after(), **said)
        self.pair(origin, copy, kind, same=True)
        return copy

    def _second_hand(self, story: str, language: Language, paragraphs: Paragraphs, headline: str, origin: str) -> None:
        desk = self.desk(language)
        extended = [*paragraphs[: len(paragraphs) // 2 + 1], *desk.own(2)]
        said: dict[str, Any] = {"role": "carrier", "origins": [origin]}
        copy = self.add(story, "extended", desk.text(extended), headline, at=self.after(1, 10), **said)
        text = desk.words(desk.text(extended), 0.01)
        second = self.add(story, "second_hand", text, headline, at=self.after(11, 20), via=copy, **said)
        self.pair(copy, second, "second_hand", same=True)

    def set_first(self, story: str) -> None:
        """Write down which carrier of a story was first."""
        members = [one for one in self.truth if one["story"] == story]
        carriers = [one for one in members if one["role"] == "carrier"]
        first = min(carriers, key=lambda one: one["at"])["id"] if carriers else None
        for one in members:
            one["first_carrier"] = first


def _templates(draw: Draw, language: Language) -> None:
    """Reports of matches, of one publisher or two: one frame with other names and figures."""
    frame = draw.writer(language)
    sentences = [
        [frame.sentence(words=(5, 11)).rstrip(".。। ") for _ in range(2)] for _ in range(draw.chance.randint(7, 12))
    ]
    numbers = []
    for _ in range(3):
        writer = draw.writer(language)
        names = [writer.name() for _ in range(3)]
        space, stop = language.space or " ", language.stop.rstrip()
        said = [
            f"{before}{space}{draw.chance.choice([draw.chance.choice(names), writer.number()])}{space}{after}{space}"
            f"{writer.number()}{stop}"
            for before, after in sentences
        ]
        text = writer.joined(said[:4]) + "\n\n" + writer.joined(said[4:])
        numbers.append(draw.add(draw.story(), "template", text, draw.headline(writer), role="origin"))
    draw.apart(numbers, "template")


def _alerts(draw: Draw, language: Language) -> None:
    """Alerts that differ in one word, marked ones, and the story behind the first."""
    writer, paragraphs, _ = draw.original(language)
    said = [writer.word() for _ in range(12)]
    story, headline = draw.story(), language.space.join(said)
    alert = draw.agency_item(story, headline, headline, "AFP")
    marked = draw.add(story, "alert_marked", f"BREAKING: {headline} (AFP)", headline, at=draw.after(0.2, 2))
    draw.pair(alert, marked, "alert_marked", same=True)
    behind = draw.add(
        story, "alert_story", draw.desk(language).text(paragraphs), headline, at=draw.after(3, 9), role="origin",
        provider="AFP", source="wire-afp",
    )  # fmt: skip
    draw.pair(alert, behind, "alert_then_story", same=True)
    changed = language.space.join([*said[:6], writer.rare_word() + language.syllables[7], *said[7:]])
    other = draw.agency_item(draw.story(), changed, changed, "AFP")
    draw.apart([alert, other], "alert")


def _about_tails(draw: Draw, language: Language) -> None:
    """Releases of one company, each with its notice at the end."""
    writer = draw.writer(language)
    tail = [writer.paragraph([writer.name()], (3, 4)) for _ in range(2)]
    numbers = []
    for _ in range(4):
        _, paragraphs, headline = draw.original(language, paragraphs=draw.chance.randint(2, 4))
        text = draw.desk(language).text([*paragraphs, *tail])
        numbers.append(draw.add(draw.story(), "release", text, headline, role="origin", source="pr-wire.example"))
    draw.apart(numbers, "about_tail")


def _backgrounds(draw: Draw, language: Language) -> None:
    """An agency's background under each day's story."""
    writer = draw.writer(language)
    background = [writer.paragraph([writer.name()]) for _ in range(2)]
    numbers = []
    for _ in range(3):
        _, paragraphs, headline = draw.original(language)
        text = draw.desk(language).text([*paragraphs, *background])
        numbers.append(draw.agency_item(draw.story(), text, headline, "AFP"))
    draw.apart(numbers, "background")


def _quotes(draw: Draw, language: Language) -> None:
    """Two papers' own reports of one speech, with the same three sentences of it."""
    writer, _, _ = draw.original(language)
    speech = [writer.quote() for _ in range(3)]
    numbers = []
    for _ in range(2):
        own, paragraphs, headline = draw.original(language, paragraphs=8)
        for sentence in speech:
            paragraphs[own.chance.randint(1, len(paragraphs) - 1)].append(sentence)
        numbers.append(draw.add(draw.story(), "quote", draw.desk(language).text(paragraphs), headline, role="origin"))
    draw.apart(numbers, "quote")


def _same_event(draw: Draw, language: Language) -> None:
    """Two reporters' texts on one event: the same names and figures, other words."""
    names = [draw.writer(language).name() for _ in range(3)]
    numbers = []
    for _ in range(2):
        writer = draw.writer(language)
        text = draw.desk(language).text([writer.paragraph(names) for _ in range(9)])
        numbers.append(draw.add(draw.story(), "same_event", text, draw.headline(writer), role="origin"))
    draw.apart(numbers, "same_event")


def _round_up(draw: Draw, language: Language) -> None:
    """Four stories of the day, and a paper's round-up of their first paragraphs."""
    numbers, parts = [], []
    for _ in range(4):
        _, paragraphs, headline = draw.original(language)
        numbers.append(draw.agency_item(draw.story(), draw.desk(language).text(paragraphs), headline, "AP", at=_START))
        parts.append(paragraphs[0])
    text = draw.desk(language).text(parts)
    at = _START + timedelta(days=1)
    round_up = draw.add(draw.story(), "roundup", text, draw.headline(draw.writer(language)), at=at, role="origin")
    for number in numbers:
        draw.apart([number, round_up], "roundup")


def _corrected(draw: Draw, language: Language) -> None:
    """An item with a wrong figure, its correction, and a copy of each."""
    story = draw.story()
    writer, paragraphs, headline = draw.original(language)
    wrong, right = writer.sentence(words=(9, 9)), f"{draw.chance.randint(100, 499)}"
    figure = language.space.join([wrong[:-1], right]) + language.stop.rstrip()
    later = figure.replace(right, str(int(right) + 170))
    texts = [draw.desk(language).text([*paragraphs[:2], [said], *paragraphs[2:]]) for said in (figure, later)]
    guid = f"guid-{story}-{draw.seed}"
    first = draw.agency_item(story, texts[0], headline, "dpa", guid=guid, version=1)
    copy = draw.add(story, "corrected_copy", texts[0], headline, at=draw.after(0.4, 1), role="carrier", origins=[first])
    second = draw.agency_item(story, texts[1], headline, "dpa", guid=guid, version=2, at=draw.after(2, 3))
    other = draw.add(story, "corrected_copy", texts[1], headline, at=draw.after(4, 9), role="carrier", origins=[first])
    draw.pair(first, second, "version", same=True)
    draw.pair(copy, other, "corrected_copy", same=True)
    draw.set_first(story)


def _live_blog(draw: Draw, language: Language) -> None:
    """A live blog that grows by a paragraph a time, under one guid."""
    story, paper = draw.story(), draw.paper()
    _, paragraphs, headline = draw.original(language, paragraphs=12)
    said = {"source": paper, "guid": f"live-{story}-{draw.seed}", "role": "origin"}
    texts = [draw.desk(language).text(paragraphs[12 - count :]) for count in range(3, 13)]
    numbers = [
        draw.add(story, "live_blog", text, headline, at=draw.after(hours, hours), version=hours, **said)
        for hours, text in enumerate(texts)
    ]
    draw.pair(numbers[0], numbers[-1], "version", same=True)


def _two_agencies(draw: Draw, language: Language) -> None:
    """A paper's text out of two agencies' stories: it belongs to the one it has more of."""
    stories, texts = [draw.story(), draw.story()], [draw.original(language, paragraphs=8) for _ in range(2)]
    at = draw.after(0, 1)
    numbers = [
        draw.agency_item(story, draw.desk(language).text(paragraphs), headline, agency, at=at)
        for story, (_, paragraphs, headline), agency in zip(stories, texts, ("AFP", "dpa"), strict=True)
    ]
    mixed = [*texts[0][1][:6], *texts[1][1][:3]]
    copy = draw.add(
        stories[0], "two_agencies", f"{draw.desk(language).text(mixed)}\n\n(AFP, dpa)", draw.headline(texts[0][0]),
        at=at + timedelta(hours=5), role="carrier", origins=numbers, credits=["AFP", "dpa"],
    )  # fmt: skip
    draw.pair(numbers[0], copy, "two_agencies", same=True)
    draw.apart(numbers, "bridge")


def _next_day(draw: Draw, language: Language) -> None:
    """The next day's story with two paragraphs of this one."""
    _, paragraphs, headline = draw.original(language, paragraphs=10)
    first = draw.agency_item(draw.story(), draw.desk(language).text(paragraphs), headline, "EFE")
    _, others, title = draw.original(language, paragraphs=8)
    at = draw.after(24, 30)
    text = draw.desk(language).text([*others, *paragraphs[4:6]])
    draw.apart([first, draw.agency_item(draw.story(), text, title, "EFE", at=at)], "next_day")


def _short(draw: Draw, language: Language) -> None:
    """Texts that are empty, of one word, or of emoji: nothing brings them together."""
    numbers = [
        draw.add(draw.story(), "empty", text, draw.headline(draw.writer(language)))
        for text in ("", draw.writer(language).word(), "\u200f\u202e", "🔥🔥🔥 🇺🇳", "...", "   \n\n ")
    ]
    draw.apart(numbers, "empty")


_OTHERS: Sequence[Callable[[Draw, Language], None]] = (
    _templates,
    _alerts,
    _about_tails,
    _backgrounds,
    _quotes,
    _same_event,
    _round_up,
    _corrected,
    _live_blog,
    _two_agencies,
    _next_day,
    _short,
)
