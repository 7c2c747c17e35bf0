import pytest

from ingestd.articles.body.container import HeaderFields, story_blocks
from ingestd.articles.body.tree import parse
from ingestd.articles.body.walk import placed_blocks

FIRST = "The mayor said on Monday that the bridge over the narrows would stay closed until the autumn, at the least."
SECOND = "Boats will take its place, and the first of them, the Marbella, leaves on Friday at six in the morning."
THIRD = "Nobody at the port office would say on Tuesday who is to pay for the boats once the money has been spent."
OTHER = "Fog kept the ferries in port for most of the night, and three hundred people slept in the waiting room."
STORY = f"<div><p>{FIRST}</p><p>{SECOND}</p><p>{THIRD}</p></div>"
HEADLINE = "Bridge stays closed all summer"


def chosen(markup: str, header: HeaderFields | None = None) -> list[str]:
    return [block.text for block in story_blocks(placed_blocks(parse(markup)), header or HeaderFields())]


CARD = f"<div><a href='/1'>Fog over the port all night</a><p>{OTHER}</p></div>"


@pytest.mark.parametrize(
    "markup",
    [
        pytest.param(f"{STORY}<div><ul><li><a href='/1'>{OTHER}</a></li></ul></div>", id="links-beside-it"),
        pytest.param(f"{STORY}<div class='sidebar'><p>{OTHER}</p></div>", id="sidebar"),
        pytest.param(f"{STORY[:-6]}<aside><p>{OTHER}</p></aside></div>", id="aside"),
        pytest.param(f"<div>{CARD}</div>{STORY}", id="card"),
        pytest.param(f"<div><p>{OTHER[:-20]}…</p></div>{STORY}", id="excerpt-cut-short"),
        pytest.param(f"<div class='page-with-sidebar sidebar'>{STORY}</div>", id="mark-around-everything"),
        pytest.param(f"<div class='footer'>{STORY}</div>", id="strong-mark-and-nothing-else"),
        pytest.param(f"<div>{STORY}<div><p>Port office</p><p>To the start</p></div></div>", id="buttons-behind-it"),
        pytest.param(f"<div><h2>Bridge</h2></div>{STORY}", id="heading-elsewhere"),
    ],
)
def test_the_story_is_separated_from_other_content(markup: str) -> None:
    assert chosen(markup) == [FIRST, SECOND, THIRD]


def test_a_long_footer_does_not_outweigh_a_short_story() -> None:
    assert chosen(f"<div><p>{FIRST}</p></div><div class='footer'><p>{OTHER} {OTHER} {OTHER}</p></div>") == [FIRST]


@pytest.mark.parametrize(
    "dek",
    [
        pytest.param("<p>Until autumn at the least, says the mayor of the town.</p>", id="sentence"),
        pytest.param("<p class='teaser'>Until autumn at the least, says the mayor of the town.</p>", id="teaser"),
        pytest.param("<h2>Until autumn at the least, says the mayor of the town</h2>", id="heading"),
    ],
)
def test_the_dek_between_headline_and_story_is_kept(dek: str) -> None:
    byline = "<p class='byline'>By Ann Lee of the Harbor Post</p>"
    more = "".join(f"<p>{number}. {OTHER}</p>" for number in range(9))

    kept = chosen(f"<header><h1>{HEADLINE}</h1>{dek}{byline}</header><div>{more}</div>")

    assert kept[0].rstrip(".") == "Until autumn at the least, says the mayor of the town"
    assert kept[1:] == [f"{number}. {OTHER}" for number in range(9)]


def test_a_headline_without_h1_is_found_by_its_text() -> None:
    markup = f"<div><b>{HEADLINE}</b><p>Until autumn at the least, says the mayor</p></div>{STORY}"

    told = HeaderFields(headline=HEADLINE, deks=("Until autumn at the least, says the mayor",))

    assert chosen(markup, told)[0] == "Until autumn at the least, says the mayor"
    assert chosen(markup) == [FIRST, SECOND, THIRD]


def test_a_list_at_the_end_stays() -> None:
    assert chosen(f"<div><p>{FIRST}</p><ul><li>Six boats</li><li>Two quays</li></ul></div>")[1:] == [
        "Six boats",
        "Two quays",
    ]


def test_a_page_of_links_has_no_story() -> None:
    assert chosen("<ul>" + "<li><a href='/1'>Fog over the port all night</a></li>" * 9 + "</ul>") == []


def test_an_address_in_the_story_is_kept() -> None:
    address = "<p><a href=/x>www.sea.example/tickets</a></p>"
    page = f"<div><p>{FIRST}</p>{address}<p>{SECOND}</p><p><a href=/y>Fog</a></p></div>"

    assert chosen(page) == [FIRST, "www.sea.example/tickets", SECOND]


def test_a_name_that_signs_the_story_is_kept() -> None:
    assert chosen(f"<div><p>{FIRST}</p><p>{SECOND}</p><p><b>Lê Phương</b></p></div>")[-1] == "Lê Phương"
    assert chosen(f"<div><p>{FIRST}</p><p>{SECOND}</p><p><b>SOCIAL MEDIA</b></p></div>")[-1] == SECOND
