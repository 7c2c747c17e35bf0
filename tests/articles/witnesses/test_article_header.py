from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import article_header
from ingestd.times import iso

HEADLINE = "Storm nears the coast of Norway"
DEK = "Rain by noon, wind by night, and no boats"


def test_lines_below_a_known_headline_are_its_masthead() -> None:
    said = article_header.read(
        ["Home", HEADLINE, "Menu", HEADLINE, DEK, "By Ann Lee", "May 1, 2024 8:00 GMT", "Text."], HEADLINE
    )

    assert (said.headline, said.description_text, said.byline) == (None, DEK, "Ann Lee")
    assert said.firstcreated
    assert iso(said.firstcreated.when) == "2024-05-01T08:00:00Z"


def test_a_headline_nobody_names_is_the_line_that_comes_twice() -> None:
    said = article_header.read(["Home", HEADLINE, DEK, "By Ann Lee", HEADLINE, "Text."], None)

    assert (said.headline, said.description_text) == (HEADLINE, DEK)


def test_or_else_it_stands_above_the_byline() -> None:
    assert article_header.read(["Home", HEADLINE, DEK, "By Ann Lee", "Text."], None).headline == HEADLINE
    assert article_header.read(["Home", HEADLINE, "By Ann Lee", "Text."], None).headline == HEADLINE


def test_a_trail_of_links_is_no_dek() -> None:
    assert (
        article_header.read([HEADLINE, "Home > News > Norway today", "By Ann Lee"], HEADLINE).description_text is None
    )


def test_one_line_is_a_text_and_no_headline() -> None:
    assert article_header.read(["Just one line of text."], None) == Clues()
    assert article_header.read([], None) == Clues()
