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
