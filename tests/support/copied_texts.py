"""What papers do to a text that they copy."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.support.invented_languages import Writer

#: Paragraphs, each of sentences.
Paragraphs = list[list[str]]
_NUMBER = re.compile(r"\d[\d.,\u00a0]*\d|\d")


@dataclass(frozen=True, slots=True)
class Desk:
    """A paper's desk: its own chance, and the language in which it adds its own."""

    writer: Writer
    chance: random.Random

    def own(self, count: int) -> Paragraphs:
        """Return so many paragraphs of its own."""
        names = [self.writer.name() for _ in range(3)]
        return [self.writer.paragraph(names) for _ in range(count)]

    def text(self, paragraphs: Sequence[Sequence[str]]) -> str:
        return "\n\n".join(self.writer.joined(sentences) for sentences in paragraphs if sentences)

    def words(self, text: str, share: float) -> str:
        """Return a text with a share of its words replaced; of its characters, where it has no spaces."""
        if not self.writer.language.space:
            return self._characters(text, share)
        return " ".join(
            self.writer.rare_word() if word.isalpha() and self.chance.random() < share else word
            for word in re.split(" ", text)
        )

    def noise(self, text: str, share: float) -> str:
        """Return a text with a share of its letters misread."""
        return self._characters(text, share)

    def _characters(self, text: str, share: float) -> str:
        letters = "".join(self.writer.language.syllables)
        return "".join(
            self.chance.choice(letters) if letter.isalpha() and self.chance.random() < share else letter
            for letter in text
        )

    def cut(self, paragraphs: Paragraphs, share: float) -> Paragraphs:
        """Return the first paragraphs, with so much of the text."""
        lengths = [sum(map(len, sentences)) for sentences in paragraphs]
        left, kept = share * sum(lengths), []
        for sentences, length in zip(paragraphs, lengths, strict=True):
            if kept and left < length / 2:
                break
            kept.append(sentences)
            left -= length
        return kept

    def notice(self) -> list[str]:
        """Return a notice that pages put between paragraphs, the same each time."""
        return [Writer(self.writer.language, "notice").sentence()]


def _typography(desk: Desk, text: str) -> str:
    first, last = desk.writer.language.quotes
    plain = text.replace(first, '"').replace(last, '"').replace("\n\n", "\n\n\u200b")
    return _NUMBER.sub(lambda found: re.sub(r"[,.\u00a0]", "\u202f", found[0]), plain)


def _native_digits(desk: Desk, text: str) -> str:
    return text.translate(str.maketrans("0123456789", desk.writer.language.digits))


def _abridged(desk: Desk, paragraphs: Paragraphs) -> Paragraphs:
    return [
        [sentence for place, sentence in enumerate(sentences) if not place or desk.chance.random() < 0.6]
        for sentences in paragraphs
    ]


def _reordered(desk: Desk, paragraphs: Paragraphs) -> Paragraphs:
    rest = paragraphs[1:]
    desk.chance.shuffle(rest)
    return [paragraphs[0], *rest]


def _split(_: Desk, paragraphs: Paragraphs) -> Paragraphs:
    return [[sentence] for sentences in paragraphs for sentence in sentences]


def _with_notices(desk: Desk, paragraphs: Paragraphs) -> Paragraphs:
    half = len(paragraphs) // 2
    return [*paragraphs[:half], desk.notice(), *paragraphs[half:], desk.notice()]


#: Kind → a desk's text of an original; `h_` are the hard ones.
KINDS: Mapping[str, Callable[[Desk, Paragraphs], str]] = {
    "verbatim": lambda desk, story: desk.text(story),
    "typography": lambda desk, story: _typography(desk, desk.text(story)),
    "digits": lambda desk, story: _native_digits(desk, desk.text(story)),
    "cut60": lambda desk, story: desk.text(desk.cut(story, 0.6)),
    "cut35": lambda desk, story: desk.text(desk.cut(story, 0.35)),
    "abridged": lambda desk, story: desk.text(_abridged(desk, story)),
    "extended": lambda desk, story: desk.text([*desk.own(1), *story, *desk.own(2)]),
    "own_lead": lambda desk, story: desk.text([*desk.own(1), *story[1:]]),
    "own_middle": lambda desk, story: desk.text([*story[:2], *desk.own(2), *story[2:]]),
    "reordered": lambda desk, story: desk.text(_reordered(desk, story)),
    "split": lambda desk, story: desk.text(_split(desk, story)),
    "merged": lambda desk, story: desk.text(story).replace("\n\n", " "),
    "notices": lambda desk, story: desk.text(_with_notices(desk, story)),
    "words2": lambda desk, story: desk.words(desk.text(story), 0.02),
    "words6": lambda desk, story: desk.words(desk.text(story), 0.06),
    "ocr1": lambda desk, story: desk.noise(desk.text(story), 0.01),
    "cut60_words2": lambda desk, story: desk.words(desk.text(desk.cut(story, 0.6)), 0.02),
    "abridged_notices": lambda desk, story: desk.text(_with_notices(desk, _abridged(desk, story))),
    "h_words12": lambda desk, story: desk.words(desk.text(story), 0.12),
    "h_ocr2": lambda desk, story: desk.noise(desk.text(story), 0.02),
    "h_digest": lambda desk, story: desk.text([sentences[:1] for sentences in story]),
    "h_cut25_own2": lambda desk, story: desk.text([*desk.own(2), *desk.cut(story, 0.25)]),
}
