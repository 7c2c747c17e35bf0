import pytest

from ingestd.articles.body.blocks import Block, Run
from ingestd.articles.body.boilerplate import KnownFields, without_boilerplate

HEADLINE = "Bridge stays closed all summer"
STORY = "The mayor said on Monday that the bridge over the narrows would stay closed until the autumn, at the least."
MORE = "Boats will take its place, and the first of them, the Marbella, leaves on Friday at six in the morning."


def lines(*texts: str | Block) -> list[Block]:
    return [text if isinstance(text, Block) else Block("p", (Run(text),)) for text in texts]


def link(text: str, tag: str = "p") -> Block:
    return Block(tag, (Run(text, None, "https://paper.example/x"),))


@pytest.mark.parametrize(
    "noise",
    [
        pytest.param([HEADLINE], id="headline"),
        pytest.param(["Home", "News", HEADLINE], id="menu-above-the-headline"),
        pytest.param([Block("h2", (Run(f"Narrows {HEADLINE}"),))], id="headline-with-kicker"),
        pytest.param([Block("h2", (Run(f"Narrows :{HEADLINE}"),))], id="headline-with-kicker-and-colon"),
        pytest.param(["Until autumn, at least"], id="dek"),
        pytest.param(["By Ann Lee"], id="byline"),
        pytest.param(["Posted Jun 24, 2020 1:15 AM CDT"], id="date-line"),
        pytest.param(["The quay at dawn. (Bo Ray/AP)"], id="caption"),
        pytest.param(["Advertisement"], id="advertisement"),
        pytest.param([STORY], id="paragraph-twice"),
        pytest.param(["Lesen Sie auch: Fähren fallen aus"], id="related"),
        pytest.param([link("Ferry runs aground off the north quay")], id="teaser"),
        pytest.param([link("Ferry aground", "li"), link("Fog at dawn", "li")], id="list-of-teasers"),
    ],
)
def test_boilerplate_is_removed(noise: list[str | Block]) -> None:
    known = KnownFields(
        headlines=(HEADLINE,),
        dek="Until autumn, at least",
        byline="Ann Lee",
        captions=("The quay at dawn. (Bo Ray/AP)",),
    )
    before = noise if noise != [STORY] else []

    kept = without_boilerplate(lines(*before, STORY, *(noise if noise == [STORY] else []), MORE), known)

    assert [block.text for block in kept] == [STORY, MORE]


def test_short_lines_after_a_prompt_at_the_end_are_removed_with_it() -> None:
    prompt = ("Tap to install our app.", "in two easy steps:", "1. Tap in your navigation bar.", "OK")

    assert [block.text for block in without_boilerplate(lines(STORY, MORE, *prompt), KnownFields())] == [STORY, MORE]


def test_in_the_middle_only_the_prompt_is_removed() -> None:
    kept = without_boilerplate(lines(STORY, "Sign up for our newsletter", "A short line.", MORE), KnownFields())

    assert [block.text for block in kept] == [STORY, "A short line.", MORE]


def test_an_invitation_at_the_end_of_a_paragraph_is_removed() -> None:
    kept = without_boilerplate(lines(f"{STORY} (Click for more on what this could mean.)"), KnownFields())

    assert [block.text for block in kept] == [STORY]


def test_headings_with_nothing_below_are_removed() -> None:
    kept = without_boilerplate(
        lines(STORY, Block("h3", (Run("More"),)), MORE, Block("h3", (Run("Comments"),))), KnownFields()
    )

    assert [block.text for block in kept] == [STORY, "More", MORE]


@pytest.mark.parametrize(
    "line",
    [
        (
            "Get out, he told them, and have your bags in your hands by the time the newsletter reader "
            "comes to the door, because "
            "the boats leave at six and nobody will wait for you; that is what they said, and more of "
            "it, until the sun rose over us."
        ),
        "Share prices fell.",
        "Reading the news is a duty.",
        "Click beetles jump.",
    ],
)  # fmt: skip
def test_a_sentence_that_begins_like_a_prompt_stays(line: str) -> None:
    assert [block.text for block in without_boilerplate(lines(line, STORY), KnownFields())] == [line, STORY]


def test_a_list_of_links_that_is_the_article_stays() -> None:
    links = [link(f"Bridge number {n}") for n in range(5)]

    assert len(without_boilerplate(lines(STORY, *links), KnownFields())) == 6


def test_a_paragraph_with_a_date_is_no_header_line() -> None:
    above, dated = "Nobody slept that night.", "The fire began on June 24, 2020."

    assert [block.text for block in without_boilerplate(lines(above, dated, STORY), KnownFields())] == [
        above,
        dated,
        STORY,
    ]


def test_a_date_line_is_removed_alone() -> None:
    assert [
        block.text for block in without_boilerplate(lines("Nobody slept.", "Jun 24, 2020", STORY), KnownFields())
    ] == [
        "Nobody slept.",
        STORY,
    ]


PARAGRAPHS = [f"{STORY} That was its {number}. week without a crossing, and {MORE.lower()}" for number in range(2, 12)]
COPY = " ".join(PARAGRAPHS)


@pytest.mark.parametrize(
    "page",
    [
        pytest.param([*PARAGRAPHS, COPY], id="copy-below"),
        pytest.param([COPY, *PARAGRAPHS], id="copy-above"),
        pytest.param([*PARAGRAPHS[:5], COPY, *PARAGRAPHS[5:]], id="copy-between"),
        pytest.param([*PARAGRAPHS, "\u2009".join(PARAGRAPHS)], id="thin-spaces"),
        pytest.param([*PARAGRAPHS, "".join(PARAGRAPHS)], id="without-spaces"),
        pytest.param([*PARAGRAPHS, f"{HEADLINE} {COPY} Ann Lee"], id="with-headline-and-name"),
        pytest.param([*PARAGRAPHS, " ".join(PARAGRAPHS[1:])], id="from-the-second-paragraph"),
        pytest.param([*PARAGRAPHS, Block("li", (Run(COPY),))], id="list-item"),
        pytest.param([*PARAGRAPHS, Block("p", (Run(COPY[:900], "strong"), Run(COPY[900:])))], id="styled"),
        pytest.param([*PARAGRAPHS, COPY, f"{COPY} {MORE}"], id="two-copies"),
    ],
)
def test_a_copy_of_the_story_in_one_block_is_removed(page: list[str | Block]) -> None:
    assert [block.text for block in without_boilerplate(lines(*page), KnownFields())] == PARAGRAPHS


@pytest.mark.parametrize(
    "paragraph",
    [
        pytest.param(f"{STORY} {'New words follow, and nobody has read them before. ' * 30}", id="mostly-new"),
        pytest.param(
            f"{' '.join(PARAGRAPHS[:6])} {'And there is more that is new to the reader here. ' * 6}", id="a-fifth-new"
        ),
        pytest.param("The ferry is full, and another one will not come before noon. " * 30, id="repeats-itself"),
    ],
)
def test_a_long_paragraph_with_words_of_its_own_stays(paragraph: str) -> None:
    kept = [block.text for block in without_boilerplate(lines(*PARAGRAPHS, paragraph), KnownFields())]

    assert kept == [*PARAGRAPHS, paragraph]


OFFER = "Read on any number of devices that you like, but not on two at the same time, with one account."


@pytest.mark.parametrize(
    "wall",
    [
        "This article is for subscribers only",
        "Dieser Artikel ist nur für Abonnenten",
        "Il vous reste 57.09% de cet article à lire. La suite est réservée aux abonnés.",
        "Este artículo es exclusivo para suscriptores",
        "Questo articolo è riservato agli abbonati",
        "Dit artikel is alleen voor abonnees",
        "この記事は会員限定です。",
        "ニュースレターを登録すると続きが読めます（無料）",
        "本文仅限付费会员阅读",
    ],
)
def test_what_stands_below_a_paywall_is_no_story_if_it_is_less(wall: str) -> None:
    assert [block.text for block in without_boilerplate(lines(STORY, MORE, wall, OFFER), KnownFields())] == [
        STORY,
        MORE,
    ]
    whole = without_boilerplate(lines(MORE, wall, STORY, f"{STORY} {MORE}"), KnownFields())
    assert [block.text for block in whole][-2:] == [STORY, f"{STORY} {MORE}"]


@pytest.mark.parametrize(
    "address",
    [
        "https://sea.example/a",
        "http://short.example/2iJFhRj",
        "www.sea.example/tickets",
        "https://doi.org/10.1002/ange.202312147",
        "ann.lee@paper.example",
        "https://sea.example/a?b=c#d",
        "www.sea.example",
        "http://hafen.example/fähre",
    ],
)
def test_an_address_is_no_teaser(address: str) -> None:
    kept = without_boilerplate(lines(STORY, link(address), MORE), KnownFields())

    assert [block.text for block in kept] == [STORY, address, MORE]
