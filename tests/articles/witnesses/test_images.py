import pytest

from ingestd.articles.body.tree import parse
from ingestd.articles.witnesses.images import is_caption, read, split_credit
from ingestd.model.article import Image


@pytest.mark.parametrize(
    ("line", "caption", "credit"),
    [
        ("A quay.   (Port Office/News Service via AP, File)", "A quay.", "Port Office/News Service via AP, File"),
        ("A quay. Photo: Bo Ray", "A quay.", "Bo Ray"),
        ("Ein Kai. © Bo Ray", "Ein Kai.", "Bo Ray"),
        ("Ein Kai | Foto: Bo Ray/dpa", "Ein Kai", "Bo Ray/dpa"),
        ("A quay (left) at dawn.", "A quay (left) at dawn.", None),
        ("A quay (in the north)", "A quay (in the north)", None),
        ("(Reuters)", None, "Reuters"),
    ],
)
def test_a_caption_is_split_from_its_credit(line: str, caption: str | None, credit: str | None) -> None:
    assert split_credit(line) == (caption, credit)


def test_a_line_that_ends_in_a_credit_is_a_caption() -> None:
    assert is_caption("A quay at dawn. (Bo Ray/AP)")
    assert not is_caption("The ferry (built in 1970) sank.")
    assert not is_caption("He left early (or late)")


def test_the_lead_is_the_first_figure_of_the_story() -> None:
    figures = read(
        parse(
            "<nav><figure><img src='/logo.png'></figure></nav>"
            "<figure><img src='data:,' data-src='/a.jpg'><figcaption>A quay. <span class='credit'>Photo: Bo Ray</span>"
            "</figcaption></figure><figure><img src='/b.jpg'><figcaption>A boat.</figcaption></figure>"
        ),
        "https://paper.example/1",
    )

    assert figures.lead == (Image(href="https://paper.example/a.jpg", caption="A quay.", credit="Bo Ray"),)
    assert figures.captions == ("A quay. Photo: Bo Ray", "A boat.")
