"""Stories and their lineage over draws of invented documents: copies of every kind, and texts that only look alike."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import pytest

from tests.support.drawn_stories import Draw
from tests.support.memory_stories import MemoryStories


@dataclass(frozen=True)
class Told:
    draw: Draw
    story_of: dict[str, int]

    def missed(self, *, same: bool) -> Counter[str]:
        """Return how many pairs of each kind are together that are not of one story, or the other way round."""
        return Counter(
            pair["kind"]
            for pair in self.draw.pairs
            if pair["same"] is same and (self.story_of[pair["a"]] == self.story_of[pair["b"]]) is not same
        )


@pytest.fixture(scope="module", params=[1, 2])
def told(request: pytest.FixtureRequest) -> Told:
    draw = Draw(request.param, 28)
    stories = MemoryStories(base=request.param)
    record_of = {one["id"]: one["record"] for one in draw.truth}
    numbers: dict[str, int] = {}
    story_of = {}
    for one in draw.documents:
        number = numbers.setdefault(record_of[one["id"]], len(numbers) + 1)
        seen = datetime.fromisoformat(one["seen"])
        story_of[one["id"]] = stories.add(
            number, one["body_text"], seen, publisher=one["source"], headline=one["headline"]
        )
    return Told(draw, story_of)


def test_what_only_looks_like_a_copy_is_another_story(told: Told) -> None:
    assert not told.missed(same=False)


def test_copies_are_in_the_story_of_their_original(told: Told) -> None:
    missed = told.missed(same=True)

    # Of a quarter of a text under two own paragraphs, few may be missed.
    kinds = Counter(pair["kind"] for pair in told.draw.pairs)
    assert missed.pop("h_cut25_own2", 0) <= 0.2 * kinds["h_cut25_own2"]
    assert not missed


def test_no_story_is_larger_than_it_is(told: Told) -> None:
    true = Counter(one["story"] for one in told.draw.truth)

    assert max(Counter(told.story_of.values()).values()) <= max(true.values())


def test_a_draw_is_the_same_each_time(told: Told) -> None:
    again = Draw(told.draw.seed, told.draw.size)

    assert again.documents == told.draw.documents
    assert again.pairs == told.draw.pairs
