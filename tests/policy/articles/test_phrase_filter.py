"""The filter of a text has all its phrases, and few others."""

import random

import pytest

from ingestd.policy.articles.phrase_filter import phrase_filter, probes


def passes(stored: bytes, phrase: tuple[str, ...]) -> bool:
    return all(stored[probe.number % len(stored)] & probe.mask for probe in probes(phrase))


def text(seed: int, length: int) -> list[str]:
    chance = random.Random(seed)
    return [f"word{int(5000 ** chance.random())}" for _ in range(length)]


@pytest.mark.parametrize("length", [0, 1, 2, 3, 50, 700, 20_000])
def test_every_phrase_of_a_text_passes(length: int) -> None:
    words = text(length, length)
    stored = phrase_filter([words])

    assert all(passes(stored, tuple(words[start : start + size])) for size in (2, 3, 9) for start in range(length))


def test_few_other_phrases_pass() -> None:
    words = text(1, 700)
    stored = phrase_filter([words])
    others = [("word1", f"other{n}") for n in range(2000)]

    assert sum(passes(stored, phrase) for phrase in others) < 0.12 * len(others)
    # Six bits for each pair, of which there are fewer than words.
    assert len(stored) <= 700 * 6 / 8 + 1


def test_a_phrase_does_not_reach_from_the_headline_into_the_body() -> None:
    others = [phrase_filter([["ferry", f"late{n}"], ["harbour", "closed"]]) for n in range(200)]

    assert sum(passes(stored, (f"late{n}", "harbour")) for n, stored in enumerate(others)) < 60


def test_a_word_alone_passes_whatever_the_filter() -> None:
    assert probes(("ferry",)) == []
