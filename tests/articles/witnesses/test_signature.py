import pytest

from ingestd.articles.body.blocks import Block, Run
from ingestd.articles.witnesses import signature

STORY = Block("p", (Run("The mayor said on Monday that the bridge would stay closed until the autumn."),))


def strong(text: str) -> Block:
    return Block("p", (Run(text, "strong"),))


def plain(text: str) -> Block:
    return Block("p", (Run(text),))


@pytest.mark.parametrize(
    ("blocks", "people"),
    [
        pytest.param([strong("Ann Lee"), STORY], ("Ann Lee",), id="above"),
        pytest.param([STORY, strong("Lê Phương")], ("Lê Phương",), id="below"),
        pytest.param(
            [STORY, plain("It rained. (Ann Lee in Oslo, Bo Ray, 24.6.2020)")],
            ("Ann Lee", "Bo Ray"),
            id="in-parentheses",
        ),
        pytest.param([STORY, plain("Ann Lee")], (), id="a-line-like-any-other"),
        pytest.param([STORY, strong("What Is Next")], ("What Is Next",), id="a-heading-cannot-be-told-from-a-name"),
        pytest.param([STORY, strong("What is next?")], (), id="a-question"),
        pytest.param([STORY, strong("Reuters")], (), id="an-agency"),
        pytest.param([STORY, plain("Es regnet. (kst/dpa)")], (), id="initials-in-parentheses"),
        pytest.param([strong("Ann Lee/Bo Ray"), STORY], ("Ann Lee", "Bo Ray"), id="two-above"),
        pytest.param([STORY, strong("Ann Lee, Bo Ray and Cy Orr")], ("Ann Lee", "Bo Ray", "Cy Orr"), id="three-below"),
        pytest.param([STORY, strong("Ana Ruiz y Luc Petit")], ("Ana Ruiz", "Luc Petit"), id="two-in-spanish"),
        pytest.param([STORY, strong("Lê Phương - Hà Nội")], (), id="a-name-and-a-place"),
        pytest.param([STORY, strong("Ann Lee/What is next?")], (), id="a-name-and-a-question"),
        pytest.param([STORY, plain("ssi, dan")], ("ssi", "dan"), id="initials"),
        pytest.param(
            [STORY, plain("ssi, dan; Foto [M]: Pool; zuerst 4.4.18")], ("ssi", "dan"), id="initials-and-photo"
        ),
        pytest.param([STORY, plain("mha")], ("mha",), id="initials-of-one"),
        pytest.param([STORY, plain("kst/ab")], ("kst", "ab"), id="initials-with-a-slash"),
        pytest.param([STORY, plain("end")], (), id="the-end"),
        *(pytest.param([STORY, plain(word)], (), id=word) for word in ("ends", "more", "stop", "tags", "null")),
        pytest.param([STORY, plain("no, not him")], (), id="words"),
        pytest.param([plain("ssi, dan"), STORY], (), id="initials-above"),
        pytest.param([STORY, plain("The mayor left (or so she said).")], (), id="an-aside"),
        pytest.param([], (), id="nothing"),
    ],
)
def test_an_emphasised_name_signs_the_story(blocks: list[Block], people: tuple[str, ...]) -> None:
    assert signature.read(blocks).authors == people


def test_words_in_parentheses_at_the_end_are_found() -> None:
    assert signature.final_parentheses([plain("Es regnet. (kst/dpa)")]) == "kst/dpa"
    assert signature.final_parentheses([plain("Es regnet (wie immer)")]) is None
    assert signature.final_parentheses([]) is None
