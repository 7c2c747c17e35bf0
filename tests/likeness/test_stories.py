"""Which documents form a story, over stories in memory."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.likeness.rules import RULES
from tests.support.invented_texts import joined, paragraphs, replaced, sentences, story
from tests.support.memory_stories import MemoryStories

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WIRE = paragraphs("wire", 10)


@pytest.fixture
def stories() -> MemoryStories:
    """Stories among which is an agency's text of ten paragraphs, record 1, and ten others."""
    stories = MemoryStories()
    for number in range(10):
        stories.add(100 + number, story(f"other {number}"), NOW, publisher=f"other{number}.example")
    stories.add(1, joined(WIRE), NOW, publisher="agency.example", headline="Sarola remo dika nebu")
    return stories


COPIES = {
    "verbatim": joined(WIRE),
    "first-third": joined(WIRE[:3]),
    "last-half": joined(WIRE[5:]),
    "own-paragraphs-around": joined([*paragraphs("own", 2), *WIRE, *paragraphs("own end", 2)]),
    "own-lead": joined([*paragraphs("own lead", 1), *WIRE[1:]]),
    "one-word-of-twenty": replaced(joined(WIRE), 0.05, "5"),
    "one-word-of-ten": replaced(joined(WIRE), 0.10, "10"),
    "reordered": joined([WIRE[0], *reversed(WIRE[1:])]),
    "one-paragraph": joined(WIRE).replace("\n\n", " "),
    "first-sentences": " ".join(paragraph.split(". ")[0] + "." for paragraph in WIRE),
    "capitals": joined(WIRE).upper(),
    "half-and-half": joined([*WIRE[:5], *paragraphs("another half", 5)]),
}


@pytest.mark.parametrize("text", COPIES.values(), ids=COPIES.keys())
def test_a_copy_is_in_the_story(stories: MemoryStories, text: str) -> None:
    later = NOW + timedelta(hours=1)

    assert stories.add(2, text, later, publisher="paper.example") == stories.story_of[1]
    evidence = stories.placements[2].evidence
    assert evidence.member == 1
    assert max(evidence.of_document, evidence.of_member) >= 0.33


APART = {
    "another-text": story("another"),
    "one-sentence": joined([*paragraphs("mostly own", 6), WIRE[4].split(". ")[0] + "."]),
    "empty": "",
    "same-words-in-another-order": " ".join(random.Random(1).sample(joined(WIRE).split(), k=len(joined(WIRE).split()))),
}


@pytest.mark.parametrize("text", APART.values(), ids=APART.keys())
def test_what_is_no_copy_is_a_story_of_its_own(stories: MemoryStories, text: str) -> None:
    assert stories.add(2, text, NOW, publisher="paper.example") == stories.last
    assert stories.placements[2].evidence.how == "new"


def template(seed: int) -> str:
    chance = random.Random(seed)
    frame = sentences("frame", 8)
    return " ".join(
        f"{sentence[:-1]} {chance.randint(100, 999)} kilo {chance.choice('Ida Bo Cy Di Ed Flo'.split())} "
        f"{chance.randint(100, 999)} more."
        for sentence in frame
    )


def test_a_template_filled_anew_is_another_story(stories: MemoryStories) -> None:
    first = stories.add(2, template(1), NOW, publisher="one.example")
    second = stories.add(3, template(2), NOW, publisher="two.example")

    assert first != second


@pytest.mark.parametrize("share", [0, 4], ids=["equal-otherwise", "with-own-paragraphs"])
def test_a_corrected_number_is_the_same_story_and_is_named(stories: MemoryStories, share: int) -> None:
    before = (
        f"{template(1)} {story('corrected').replace(chr(10), ' ')} In all 410 crowns were paid there. {template(3)}"
    )
    after = before.replace("410", "470")

    first = stories.add(2, before, NOW, publisher="agency.example")
    second = stories.add(3, f"{story('own', share)}\n\n{after}", NOW, publisher="paper.example")

    assert first == second
    assert ("410", "470") in stories.placements[3].evidence.changed


def test_a_round_up_stays_alone_and_attracts_nothing(stories: MemoryStories) -> None:
    parts = [story(f"other {number}").split("\n\n")[0] for number in range(4)]

    round_up = stories.add(2, joined(parts), NOW, publisher="paper.example")
    copy = stories.add(3, joined([*parts, "The end of the day."]), NOW, publisher="weekly.example")

    assert len({round_up, copy, *(stories.story_of[100 + number] for number in range(4))}) == 6
    assert stories.placements[2].round_up
    assert not stories.placements[2].shingles


def test_what_many_stories_share_joins_none_of_them(stories: MemoryStories) -> None:
    tail = story("about the publisher", 2)
    for number in range(30):
        stories.add(200 + number, joined([story(f"own {number}", 7), tail]), NOW, publisher=f"p{number}.example")

    assert len({stories.story_of[200 + number] for number in range(1, 30)}) == 29


@pytest.mark.parametrize("end", [[], ["This first appeared elsewhere."]], ids=["at-the-end", "with-a-notice-behind"])
def test_two_texts_that_share_a_tail_are_two_stories(stories: MemoryStories, end: list[str]) -> None:
    tail = paragraphs("about the company", 4)
    own = "\n\n".join(paragraphs("release", 4)), "\n\n".join(paragraphs("another release", 4))

    first = stories.add(2, joined([own[0], *tail, *end]), NOW, publisher="a.example")

    assert stories.add(3, joined([own[1], *tail]), NOW, publisher="b.example") != first


def test_most_of_a_text_under_another_lead_is_a_copy(stories: MemoryStories) -> None:
    text = joined([*paragraphs("own lead", 2), *WIRE[2:]])

    assert stories.add(2, text, NOW, publisher="paper.example") == stories.story_of[1]


@pytest.mark.parametrize("mixed_is_first", [True, False])
def test_a_text_mixed_from_two_joins_neither_to_the_other(stories: MemoryStories, mixed_is_first: bool) -> None:
    other = paragraphs("other wire", 5)
    mixed = joined([*WIRE[:6], *other[:4]])
    if mixed_is_first:
        stories = MemoryStories()
        stories.add(2, mixed, NOW, publisher="paper.example")
        stories.add(1, joined(WIRE), NOW, publisher="agency.example")
    else:
        stories.add(2, mixed, NOW, publisher="paper.example")

    assert stories.story_of[1] == stories.story_of[2]
    assert stories.add(3, joined(other), NOW, publisher="other-agency.example") != stories.story_of[1]
    assert stories.add(4, joined(other[1:]), NOW, publisher="b.example") == stories.story_of[3]
    # What several have is the story's own.
    stories.add(5, joined([*WIRE, *paragraphs("own", 1)]), NOW, publisher="c.example")
    assert stories.add(6, joined(WIRE[7:]), NOW, publisher="d.example") == stories.story_of[1]


ALERT = "BREAKING: The harbour of Sarola is closed after a fire, the harbour master says"


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("The harbour of Sarola is closed after a fire, the harbour master says", id="no-mark"),
        pytest.param("The harbour of Sarola is closed after a fire, the harbour master says (Reuters)", id="agency"),
        pytest.param("Eilmeldung: THE HARBOUR OF SAROLA is closed after a fire; the harbour master says.", id="marks"),
    ],
)
def test_short_texts_are_equal_without_marks(stories: MemoryStories, other: str) -> None:
    alert = stories.add(2, ALERT, NOW, publisher="agency.example", headline=ALERT)

    assert stories.add(3, other, NOW, publisher="paper.example", headline=other) == alert
    assert stories.placements[3].evidence.how == "equal short text"


def test_a_short_text_with_another_fact_is_another_story(stories: MemoryStories) -> None:
    alert = stories.add(2, ALERT, NOW, publisher="agency.example", headline=ALERT)
    other = ALERT.replace("fire", "flood")

    assert stories.add(3, other, NOW, publisher="agency.example", headline=other) != alert


def test_what_a_mixed_text_has_most_of_comes_last() -> None:
    stories, other = MemoryStories(), paragraphs("seen first", 8)
    first = stories.add(2, joined(other), NOW, publisher="other-agency.example")
    assert stories.add(3, joined([*other[:4], *WIRE[:6]]), NOW, publisher="paper.example") == first

    assert stories.add(1, joined(WIRE), NOW, publisher="agency.example") != first


THAI = "ด่วน ไฟไหม้ท่าเรือซาโรลา ทางการสั่งปิดชั่วคราว มีผู้บาดเจ็บสามราย"


def test_an_alert_in_a_script_without_spaces_joins_its_equal_only(stories: MemoryStories) -> None:
    alert = stories.add(2, THAI, NOW, publisher="agency.example", headline=THAI)
    other = THAI.replace("ไฟไหม้", "น้ำท่วม")

    assert stories.add(3, other, NOW, publisher="other.example", headline=other) != alert
    assert stories.add(4, THAI, NOW, publisher="paper.example", headline=THAI) == alert


def test_a_short_text_that_says_nothing_is_told_by_its_headline(stories: MemoryStories) -> None:
    text = "Watch the video above for the whole story."
    first = stories.add(2, text, NOW, publisher="a.example", headline="Fire in the harbour of Sarola")

    assert stories.add(3, text, NOW, publisher="a.example", headline="Flood in the hills of Nebu") != first
    assert stories.add(4, text, NOW, publisher="b.example", headline="Fire in the harbour of Sarola") == first


@pytest.mark.parametrize(("days", "joins"), [(2, True), (4, False)])
def test_the_text_behind_an_alert_joins_it_by_its_headline(stories: MemoryStories, days: int, joins: bool) -> None:
    alert = stories.add(2, ALERT, NOW, publisher="agency.example", headline=ALERT)
    later = NOW + timedelta(days=days)

    joined_ = stories.add(3, story("fire"), later, publisher="agency.example", headline=ALERT) == alert
    assert joined_ is joins
    assert (stories.placements[3].evidence.how == "alert") is joins


@pytest.mark.parametrize(
    "headline",
    [
        "Latest: The harbour of Sarola is closed after a fire, the harbour master says",
        "The harbour of Sarola is closed after a fire, the harbour master says | Region",
        "Video: The harbour of Sarola is closed after a fire, the harbour master says - Sarola Post",
    ],
)
def test_what_a_paper_puts_around_a_headline_hides_no_alert(stories: MemoryStories, headline: str) -> None:
    alert = stories.add(2, ALERT, NOW, publisher="agency.example", headline=ALERT)
    later = NOW + timedelta(hours=1)

    assert stories.add(3, story("fire"), later, publisher="paper.example", headline=headline) == alert
    # What is left must be a headline, of five words.
    short = stories.add(4, "One dead in the harbour fire", NOW, publisher="agency.example")
    assert stories.add(5, story("one"), later, publisher="paper.example", headline="One dead - a list") != short


@pytest.mark.parametrize(("days", "joins"), [(13, True), (15, False)])
def test_a_story_takes_copies_within_its_window(stories: MemoryStories, days: int, joins: bool) -> None:
    later = NOW + timedelta(days=days)

    assert (stories.add(2, joined(WIRE), later, publisher="paper.example") == stories.story_of[1]) is joins


def test_a_revision_stays_in_its_story_and_what_it_adds_is_found(stories: MemoryStories) -> None:
    rewritten = story("rewritten")

    assert stories.add(1, rewritten, NOW, publisher="agency.example") == stories.story_of[1]
    assert stories.add(2, rewritten, NOW, publisher="paper.example") == stories.story_of[1]
    assert stories.add(3, joined(WIRE), NOW, publisher="late.example") == stories.story_of[1]


def test_late_copies_of_a_killed_text_are_found(stories: MemoryStories) -> None:
    stories.add(1, "", NOW, publisher="agency.example")

    assert stories.add(2, joined(WIRE[:6]), NOW, publisher="paper.example") == stories.story_of[1]


def test_a_publisher_needs_more_in_common_with_itself(stories: MemoryStories) -> None:
    background = joined([*paragraphs("news of today", 5), *WIRE[5:]])

    assert stories.add(2, background, NOW, publisher="agency.example") != stories.story_of[1]
    assert (
        stories.add(3, joined([*WIRE, *paragraphs("more", 2)]), NOW, publisher="agency.example") == stories.story_of[1]
    )


def test_two_stories_merge_under_a_text_that_fits_both(stories: MemoryStories) -> None:
    text = story("told twice", 12)
    parts = text.split("\n\n")
    first = stories.add(2, replaced(joined(parts[:7]), 0.02, "a"), NOW, publisher="a.example")
    second = stories.add(3, joined(parts[7:]), NOW, publisher="b.example")
    assert first != second
    # The second story grows to the whole text by a revision of its record, which moves nothing.
    stories.add(3, text, NOW, publisher="b.example")

    assert stories.add(4, replaced(text, 0.02, "b"), NOW, publisher="c.example") == first
    assert stories.story_of[3] == first
    assert stories.placements[4].merges == (second,)


def test_members_that_stand_are_bounded_and_the_first_and_longest_stay(stories: MemoryStories) -> None:
    for number in range(40):
        text = joined([WIRE[0], WIRE[1], WIRE[2], *paragraphs(f"own {number}", 2)])
        assert stories.add(200 + number, text, NOW, publisher=f"p{number}.example") == stories.story_of[1]

    members = stories.members[stories.story_of[1]]
    assert len(members) <= RULES.stand_at_most
    assert members[0].record == 1


def feed(seed: int) -> list[tuple[int, str, str]]:
    """Return 24 documents of six stories in a random order, as (record, text, publisher)."""
    chance = random.Random(seed)
    documents = []
    for number in range(6):
        parts = paragraphs(f"feed {seed} {number}", 6)
        documents += [(number * 4, joined(parts), f"agency{number}.example")]
        documents += [
            (number * 4 + copy, joined(parts[: chance.randint(3, 6)]), f"paper{copy}.example") for copy in (1, 2, 3)
        ]
    chance.shuffle(documents)
    return documents


def clusters(documents: list[tuple[int, str, str]], base: int) -> dict[int, int]:
    stories = MemoryStories(base=base)
    for minute, (record, text, publisher) in enumerate(documents):
        stories.add(record, text, NOW + timedelta(minutes=minute), publisher=publisher)
    return stories.story_of


@given(st.integers(min_value=0, max_value=1 << 70), st.integers(min_value=0, max_value=50))
@settings(max_examples=15)
def test_the_base_and_the_order_of_arrival_change_no_story(base: int, seed: int) -> None:
    documents = feed(seed)

    found = clusters(documents, base)

    assert clusters(documents, 99) == found
    assert {tuple(found[number * 4 + copy] == found[number * 4] for copy in range(4)) for number in range(6)} == {
        (True, True, True, True)
    }
    assert len(set(found.values())) == 6


def test_the_order_in_which_the_store_answers_changes_nothing(stories: MemoryStories) -> None:
    copy = MemoryStories()
    copy.__dict__.update(
        {name: dict(value) if isinstance(value, dict) else value for name, value in vars(stories).items()}
    )
    copy.postings = {shingle: [*reversed(having)] for shingle, having in reversed(stories.postings.items())}
    copy.states = dict(reversed(stories.states.items()))
    text = joined([*WIRE[:4], *story("other 3").split("\n\n")[:2]])

    assert stories.add(2, text, NOW, publisher="paper.example") == copy.add(2, text, NOW, publisher="paper.example")
    assert stories.placements[2] == copy.placements[2]
