import pytest

from ingestd.articles.body.captions import is_beside_picture
from ingestd.articles.body.container import HeaderFields, story_blocks
from ingestd.articles.body.tree import parse
from ingestd.articles.body.walk import placed_blocks

FIRST = "The mayor said on Monday that the bridge over the narrows would stay closed until the autumn, at the least."
SECOND = "Boats will take its place, and the first of them, the Marbella, leaves on Friday at six in the morning."


def texts(picture: str) -> list[str]:
    page = parse(f"<div id=story><p>{FIRST}</p>{picture}<p>{SECOND} {FIRST}</p></div>")
    return [block.text for block in story_blocks(placed_blocks(page), HeaderFields())]


@pytest.mark.parametrize(
    "picture",
    [
        "<div><picture><img></picture><div>The quay at dawn</div><div>Getty Images</div></div>",
        "<div class='picBox full'><a><img></a><p>The quay at dawn, before the ferry left.</p></div>",
        "<div class='detail-img'><img><div>The quay at dawn. Bild: Bo Ray</div></div>",
        "<div><div><img></div><p>Hamnen i gryningen</p></div>",
        "<div class=media-block><div><img></div><div class=block__desc>Kryžius / A. Lee nuotr.</div></div>",
        "<section><img><p>Der Hafen am Morgen | © Ann Lee/Pool</p></section>",
        "<div class=photo><p><img></p><p>Le port à l’aube, mardi.</p></div>",
        "<div><amp-img src=a.jpg></amp-img><p>夜明けの港</p></div>",
        "<div class=wp-thumb><img><p>Порт на рассвете.</p></div>",
    ],
)
def test_a_line_beside_a_picture_is_its_caption(picture: str) -> None:
    assert texts(picture) == [FIRST, f"{SECOND} {FIRST}"]


@pytest.mark.parametrize(
    "picture",
    [
        "<div><img><p>The quay was empty at dawn, and nobody knew when the next boat would leave.</p></div>",
        "<div><img><p>5 : 1</p></div>",
        "<div><img><h3>The quay at dawn</h3></div>",
        "<ul><li><img><p>The quay at dawn</p></li></ul>",
        "<p><img>The quay at dawn</p>",
        f"<div><img><p>The quay at dawn</p><p>{'It was empty but for one man and his dog.' * 2}</p></div>",
        "<table><tr><td><img><p>The quay at dawn</p></td></tr></table>",
        "<blockquote><img><p>The quay at dawn</p></blockquote>",
    ],
)
def test_other_lines_beside_pictures_are_text(picture: str) -> None:
    assert not any(is_beside_picture(placed) for placed in placed_blocks(parse(f"<div>{picture}</div>")))


def test_a_story_told_in_captions_is_kept() -> None:
    steps = [
        f"Step {n}: lay the board on the saw and mark where the two of them meet, then turn it over." for n in range(9)
    ]
    page = "".join(f"<div class=image><img><p>{step}</p></div>" for step in steps)

    assert [block.text for block in story_blocks(placed_blocks(parse(f"<div>{page}</div>")), HeaderFields())] == steps
