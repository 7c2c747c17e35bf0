import pytest

from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import article_header
from ingestd.times import iso

HEADLINE = "Storm nears the coast of Norway"
DEK = "Rain by noon, wind by night, and no boats"


def test_the_lines_below_a_known_headline_are_its_header() -> None:
    clues = article_header.read(
        ["Home", HEADLINE, "Menu", HEADLINE, DEK, "By Ann Lee", "May 1, 2024 8:00 GMT", "Text."], HEADLINE
    )

    assert (clues.headline, clues.description_text, clues.byline) == (None, DEK, "Ann Lee")
    assert clues.firstcreated
    assert iso(clues.firstcreated.when) == "2024-05-01T08:00:00Z"


def test_an_unknown_headline_is_the_line_that_occurs_twice() -> None:
    clues = article_header.read(["Home", HEADLINE, DEK, "By Ann Lee", HEADLINE, "Text."], None)

    assert (clues.headline, clues.description_text) == (HEADLINE, DEK)


def test_an_unknown_headline_is_above_the_byline() -> None:
    assert article_header.read(["Home", HEADLINE, DEK, "By Ann Lee", "Text."], None).headline == HEADLINE
    assert article_header.read(["Home", HEADLINE, "By Ann Lee", "Text."], None).headline == HEADLINE


def test_breadcrumbs_are_no_dek() -> None:
    assert (
        article_header.read([HEADLINE, "Home > News > Norway today", "By Ann Lee"], HEADLINE).description_text is None
    )


def test_a_single_line_is_no_headline() -> None:
    assert article_header.read(["Just one line of text."], None) == Clues()
    assert article_header.read([], None) == Clues()


@pytest.mark.parametrize(
    ("line", "people"),
    [
        ("Ann Lee | 5 March 2024", ("Ann Lee",)),
        ("Ann Lee • 05.03.2024", ("Ann Lee",)),
        ("Sevgi Kar | 05.04.2025 - Güncelleme: 05.04.2025", ("Sevgi Kar",)),
        ("Ana Ruiz - 5 de marzo de 2024, 10:30", ("Ana Ruiz",)),
        ("Jean-Luc van der Berg · 5 mars 2024", ("Jean-Luc van der Berg",)),
        ("Ann Lee, 5 March 2024", ("Ann Lee",)),
        ("Bo Ray / 2024-03-05 10:30", ("Bo Ray",)),
        ("Олег Ильин | 5 марта 2024", ("Олег Ильин",)),
        ("Reuters News | 5 March 2024", ()),
        ("Norway | 5 March 2024", ()),
        ("Ann Lee | Oslo", ()),
        ("Storm nears coast – boats stay in port for 3 days", ()),
    ],
)
def test_a_name_before_a_date_is_the_byline_if_another_witness_names_the_person(
    line: str, people: tuple[str, ...]
) -> None:
    assert article_header.read([HEADLINE, line, "Text."], HEADLINE, named=("Cy Orr", *people)).authors == people


@pytest.mark.parametrize(
    "line",
    [
        "Middle East | 5 March 2024",
        "Premier League | 5 March 2024",
        "Real Estate - March 5, 2024",
        "Climate Change · 5 March 2024",
        "Business Insider | 5 March 2024",
        "Los Angeles Lakers, 5 March 2024",
        "Handball Schweiz • 02.02.2022",
        "Spezifische Schwangerenbetreuung – mehr vaginale Geburt... 07.02.2022",
    ],
)
def test_a_section_before_a_date_is_no_byline(line: str) -> None:
    clues = article_header.read([HEADLINE, line, "Text."], HEADLINE, named=("Ann Lee",))

    assert (clues.byline, clues.authors) == (None, ())


def test_a_name_before_two_dates_is_the_byline_unless_it_is_a_line_of_the_menu() -> None:
    line = "Sevgi Kar | 05.04.2025 - Güncelleme : 05.04.2025"

    assert article_header.read([HEADLINE, line, "Text."], HEADLINE).authors == ("Sevgi Kar",)
    assert article_header.read(["Sevgi Kar", HEADLINE, line, "Text."], HEADLINE).authors == ()


@pytest.mark.parametrize(
    ("lines", "people"),
    [
        (["Datum 28.04.2023", "Autorin/Autor Roman Gont", "Themen Krim"], ("Roman Gont",)),
        (["Date 28.04.2023", "Author: Ann Lee"], ("Ann Lee",)),
        (["Auteur : Luc Petit", "Mots clés: mer"], ("Luc Petit",)),
        (["Autor: Ana Ruiz", "Fecha: 5.3.2024"], ("Ana Ruiz",)),
        (["Autorka: Ewa Nowak"], ("Ewa Nowak",)),
        (["Автор: Олег Ильин"], ("Олег Ильин",)),
        (["Penulis: Budi Santoso", "Editor: Heri"], ("Budi Santoso",)),
        (["Author Ann Lee", "Author Bo Ray"], ()),
        (["Author: Ann Lee", "Publisher: Sea Books", "ISBN 3-16-148410-0"], ()),
        (["Authorities in Oslo said"], ()),
        (["Author: The Associated Press"], ()),
    ],
)
def test_one_line_labelled_as_the_author_s_is_the_byline_wherever_it_stands(
    lines: list[str], people: tuple[str, ...]
) -> None:
    story = ["A paragraph of the story."] * 20

    assert article_header.read([HEADLINE, *story, *lines], HEADLINE).authors == people


def test_a_caption_below_the_headline_is_no_dek() -> None:
    lines = [HEADLINE, DEK, "By Ann Lee", "Text."]

    assert article_header.read(lines, HEADLINE, captions=(DEK,)).description_text is None


@pytest.mark.parametrize("printed", [f"Weather: {HEADLINE}", f"Norway :{HEADLINE}", HEADLINE.upper()])
def test_the_headline_once_more_is_no_dek(printed: str) -> None:
    assert article_header.read([HEADLINE, printed, "By Ann Lee", "Text."], HEADLINE).description_text is None
