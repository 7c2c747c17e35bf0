import pytest

from ingestd.articles.body.blocks import Block, Run
from ingestd.articles.body.recurring_blocks import block_hash, without_recurring_blocks
from ingestd.model.page import RecurringBlocks

STORY = "The mayor said on Monday that the bridge over the narrows would stay closed until the autumn, at the least."
MORE = "Boats will take its place, and the first of them, the Marbella, leaves on Friday at six in the morning."
MOTTO = "The Courier: printed where the ferry lands"
ABOUT = (
    "The Courier is published six times a week by its readers, who own it, and has been since the flood; it is sent "
    "to every house on both islands, and to some on the mainland that have asked for it."
)


def blocks(*texts: str) -> list[Block]:
    return [Block("p", (Run(text),)) for text in texts]


def known(*texts: str, prose: tuple[str, ...] = ()) -> RecurringBlocks:
    return RecurringBlocks(lines=frozenset(map(block_hash, (*texts, *prose))), prose=frozenset(map(block_hash, prose)))


def kept(texts: list[str], recurring_blocks: RecurringBlocks) -> list[str]:
    return [block.text for block in without_recurring_blocks(blocks(*texts), recurring_blocks)]


def test_blocks_of_the_site_s_other_articles_are_removed() -> None:
    assert kept([STORY, MOTTO, MORE], known(MOTTO)) == [STORY, MORE]


def test_numbers_count_in_the_hash_of_a_sentence_but_not_of_a_line() -> None:
    assert block_hash("17 comments so far") == block_hash("3 Comments  so far")
    assert len({block_hash(f"The match ended {score}.") for score in ("2-1", "3-0", "0-0")}) == 3
    assert block_hash(f"{STORY} It cost 17 million.") != block_hash(f"{STORY} It cost 3 million.")


def test_prose_is_removed_only_if_it_recurs_as_prose() -> None:
    assert kept([STORY, MORE, ABOUT], known(ABOUT)) == [STORY, MORE, ABOUT]
    assert kept([STORY, MORE, ABOUT], known(prose=(ABOUT,))) == [STORY, MORE]


def test_a_short_sentence_is_prose_too() -> None:
    fact = "No injuries were reported."

    assert kept([STORY, fact, MORE], known(fact)) == [STORY, fact, MORE]


def test_a_line_in_capitals_is_no_dateline() -> None:
    assert kept([STORY, "SHARE THIS STORY", MORE], known("SHARE THIS STORY")) == [STORY, MORE]


@pytest.mark.parametrize(
    "own",
    [
        pytest.param("HARROW BAY (AP) — The ferry is back.", id="dateline"),
        pytest.param("HARROW BAY, TARN", id="dateline-alone"),
        pytest.param("By Ann Lee", id="byline"),
        pytest.param("Correction: the bridge is open.", id="correction"),
        pytest.param("This story has been corrected to say that the bridge is open.", id="correction-in-words"),
        pytest.param("Berichtigung: Die Brücke ist offen.", id="correction-german"),
    ],
)
def test_the_article_s_own_dateline_byline_and_correction_stay(own: str) -> None:
    assert kept([own, STORY, MORE], known(prose=(own,))) == [own, STORY, MORE]


def test_an_article_that_would_lose_more_than_half_of_its_text_keeps_all() -> None:
    assert kept([MOTTO, STORY], known(MOTTO, prose=(STORY,))) == [MOTTO, STORY]
