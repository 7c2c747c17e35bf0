"""Texts of invented words, for tests of likeness: the same for the same seed."""

import random
from collections.abc import Sequence

_SYLLABLES = [consonant + vowel for consonant in "bdklmnrst" for vowel in "aeiou"]


def words(seed: object, count: int) -> list[str]:
    """Return words of two to four syllables."""
    chance = random.Random(f"words {seed}")
    return ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 4))) for _ in range(count)]


def sentences(seed: object, count: int) -> list[str]:
    """Return sentences of 8 to 20 words."""
    chance = random.Random(f"sentences {seed}")
    return [" ".join(words(f"{seed} {number}", chance.randint(8, 20))).capitalize() + "." for number in range(count)]


def paragraphs(seed: object, count: int) -> list[str]:
    """Return paragraphs of two to four sentences."""
    chance = random.Random(f"paragraphs {seed}")
    return [" ".join(sentences(f"{seed} {number}", chance.randint(2, 4))) for number in range(count)]


def story(seed: object, count: int = 8) -> str:
    """Return a text of so many paragraphs."""
    return joined(paragraphs(seed, count))


def joined(parts: Sequence[str]) -> str:
    return "\n\n".join(parts)


def replaced(text: str, share: float, seed: object) -> str:
    """Return a text with a share of its words replaced."""
    chance = random.Random(f"replaced {seed}")
    others = iter(words(f"others {seed}", text.count(" ") + 1))
    lines = text.split("\n\n")
    return joined(
        [" ".join(next(others) if chance.random() < share else word for word in line.split(" ")) for line in lines]
    )
