"""Texts that are nothing, or made to be dear: each is placed, and none is compared without a bound."""

from datetime import UTC, datetime
from difflib import SequenceMatcher

import pytest

from ingestd.likeness import alignment
from ingestd.likeness.alignment import facts
from ingestd.likeness.sketch import LONGEST, sketch
from tests.support.invented_texts import story, words
from tests.support.memory_stories import MemoryStories

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOTHING = {
    "empty": "",
    "spaces": " \n\n\u3000\t",
    "points": "... --- !!!",
    "one-token": "Flood",
    "emoji": "🔥🇺🇳👩‍👩‍👧" * 500,
    "marks-of-direction": "\u200f\u202e\u2066" * 500,
    "invisible": "\u00ad\u200b\ufeff\u034f" * 500,
    "accents-alone": "\u0301" * 4,
    "surrogates": "\ud83d" * 500,
}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING.keys())
def test_a_text_without_words_is_a_story_of_its_own(text: str) -> None:
    stories = MemoryStories()
    headlines = ["Fire in the harbour of Sarola", "Flood in the hills of Nebu"]

    found = [
        stories.add(number, text, NOW, publisher="a.example", headline=headline)
        for number, headline in enumerate(headlines)
    ]

    assert len(set(found)) == 2


LONG = {
    "one-word": "bla " * 250_000,
    "one-letter": "a" * 1_000_000,
    "letters": "a " * 500_000,
    "thousands": "1\u2009000\u2009" * 150_000,
    "accents": "a" + "\u0301" * 500_000,
    "ligatures-of-18-letters": "\ufdfa" * 300_000,
    "ideographs": "".join(chr(0x4E00 + number % 20_000) for number in range(300_000)),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_of_a_long_text_the_beginning_is_read(text: str) -> None:
    stories = MemoryStories()
    one = sketch(text, stories.base)

    assert len(one.text) <= LONGEST
    assert len(one.tokens) <= LONGEST
    # A copy with a word more is found, if it has words.
    stories.add(1, text, NOW, publisher="a.example")
    stories.add(2, text + " end", NOW, publisher="b.example")
    assert len(set(stories.story_of.values())) == (1 if len(one.sampled) > 1 else 2)


@pytest.mark.parametrize("marks", ["\u200f", "\u202e", "\u200d", "\ufeff"], ids=["rlm", "rlo", "joiner", "bom"])
def test_marks_of_direction_within_a_text_hide_no_copy(marks: str) -> None:
    stories, text = MemoryStories(), story("marked")

    first = stories.add(1, text, NOW, publisher="a.example")

    assert stories.add(2, text.replace(" ", f" {marks}"), NOW, publisher="b.example") == first


def test_names_are_compared_by_few_of_their_letters(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def recorded(junk: None, first: str, second: str) -> SequenceMatcher[str]:
        lengths.append(len(first) + len(second))
        return SequenceMatcher(junk, first, second)

    monkeypatch.setattr(alignment, "SequenceMatcher", recorded)
    before, after = words("before", 20), words("after", 20)
    name = "".join(words("letters", 8_000))
    texts = [" ".join([*before, f"X{name}{end}", *after]) for end in ("one", "other")]

    found = facts(sketch(texts[0], 1), sketch(texts[1], 1))

    assert found.clashes == 0
    assert max(lengths) <= 120
