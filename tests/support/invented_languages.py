"""Invented languages in the scripts of real ones: words without meaning, in sentences with names and numbers."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

#: Words of a language; the frequent ones make up much of each text, as in real ones.
_VOCABULARY, _FREQUENT = 3_000, 60
_WEIGHTS = [*accumulate(1 / (8 + number) for number in range(_VOCABULARY))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """How an invented language is written."""

    code: str
    #: Syllables, or single characters of a script without spaces.
    syllables: Sequence[str]
    space: str = " "
    comma: str = ", "
    stop: str = ". "
    quotes: tuple[str, str] = ("“", "”")
    #: The digits that some of its papers print, where they are others.
    digits: str = "0123456789"
    #: What stands between thousands.
    thousands: str = ","
    #: Syllables of a word, at least and at most.
    length: tuple[int, int] = (1, 4)


def _syllables(consonants: str, vowels: Sequence[str]) -> list[str]:
    return [consonant + vowel for consonant in consonants for vowel in vowels]


def _range(first: int, count: int) -> list[str]:
    return [chr(first + number) for number in range(count)]


LANGUAGES = (
    Language(code="en", syllables=_syllables("bdfklmnprstvw", ["a", "e", "i", "o", "u", "ar", "en", "ist"])),
    Language(
        code="de",
        syllables=_syllables("bdfgklmnrstwz", ["a", "ä", "e", "ei", "o", "ü", "und", "er"]),
        quotes=("„", "“"),
        thousands=".",
    ),
    Language(
        code="ru",
        syllables=_syllables("бвгдзклмнпрст", ["а", "е", "и", "о", "у", "ой", "ны", "ёт"]),
        quotes=("«", "»"),
        thousands="\u00a0",
    ),
    Language(
        code="ar",
        syllables=_syllables("بتجحدرسشعفقكلمنهي", ["ا", "و", "ي", "ة", "ال"]),
        comma="، ",
        digits="٠١٢٣٤٥٦٧٨٩",
    ),
    Language(
        code="hi",
        syllables=_syllables("कगचजतदनपबमरलसह", ["ा", "ि", "ी", "ु", "े", "ो", "ं", ""]),
        stop="। ",
        digits="०१२३४५६७८९",
    ),
    Language(
        code="zh", syllables=_range(0x4E50, 900), space="", comma="，", stop="。", quotes=("「", "」"), length=(1, 2)
    ),
    Language(
        code="th",
        syllables=_syllables("กขคจดตนบปมรลวส", ["า", "ี", "ู", "ำ", "ะ", "อ", "ัน"]),
        space="",
        comma=" ",
        stop=" ",
        digits="๐๑๒๓๔๕๖๗๘๙",
    ),
)


def _coined(language: Language, chance: random.Random) -> str:
    return "".join(chance.choices(language.syllables, k=chance.randint(*language.length)))


@cache
def _vocabulary(code: str) -> list[str]:
    language = next(one for one in LANGUAGES if one.code == code)
    chance = random.Random(f"words of {code}")
    return [_coined(language, chance) for _ in range(_VOCABULARY)]


class Writer:
    """Writes texts in one language; the same seed gives the same texts."""

    def __init__(self, language: Language, seed: object) -> None:
        self.language = language
        self.chance = random.Random(f"{language.code} {seed}")
        self._words = _vocabulary(language.code)

    def word(self) -> str:
        """Return a word; few are frequent."""
        return self.chance.choices(self._words, cum_weights=_WEIGHTS)[0]

    def rare_word(self) -> str:
        """Return a word that is not frequent."""
        return self.chance.choice(self._words[_FREQUENT:])

    def name(self) -> str:
        """Return a name of two words."""
        parts = [_coined(self.language, self.chance) + _coined(self.language, self.chance) for _ in range(2)]
        return (self.language.space or "·").join(part.capitalize() for part in parts)

    def number(self) -> str:
        """Return a number of two to six digits."""
        plain = str(self.chance.randint(10, 10 ** self.chance.randint(2, 6)))
        return f"{int(plain):,}".replace(",", self.language.thousands) if len(plain) > 3 else plain

    def sentence(self, names: Sequence[str] = (), *, words: tuple[int, int] = (9, 24)) -> str:
        """Return a sentence, in which a third of the times a name stands, and a number as often."""
        said = [self.word() for _ in range(self.chance.randint(*words))]
        if names and self.chance.random() < 0.35:
            said.insert(self.chance.randint(1, len(said)), self.chance.choice(names))
        if self.chance.random() < 0.35:
            said.insert(self.chance.randint(1, len(said)), self.number())
        if len(said) > 14:
            half = len(said) // 2
            said[half] += self.language.comma.rstrip() if self.language.space else self.language.comma
        text = self.language.space.join(said)
        return text[:1].upper() + text[1:] + self.language.stop.rstrip()

    def paragraph(self, names: Sequence[str] = (), sentences: tuple[int, int] = (2, 4)) -> list[str]:
        """Return the sentences of a paragraph."""
        return [self.sentence(names) for _ in range(self.chance.randint(*sentences))]

    def quote(self, names: Sequence[str] = ()) -> str:
        """Return a sentence between quotation marks."""
        first, last = self.language.quotes
        return f"{first}{self.sentence(names)}{last}"

    def joined(self, sentences: Sequence[str]) -> str:
        """Return sentences as one paragraph."""
        return (" " if self.language.stop.endswith(" ") else "").join(sentences)
