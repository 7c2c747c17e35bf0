import pytest
from lxml.html import HtmlElement

from ingestd.articles.body.tree import MAX_TAGS, element_count, html_elements, parse, text_content


@pytest.mark.parametrize("depth", [10, 240, 260, 3000, 50_000])
def test_text_is_kept_at_any_depth(depth: int) -> None:
    root = parse("<html><body>" + "<div>" * depth + "<p>deep</p>" + "</div>" * depth + "<p>after</p>")

    assert root is not None
    assert [p.text for p in root.iter("p") if p.text] == ["deep", "after"]


def test_a_flattened_page_keeps_its_language_and_title() -> None:
    root = parse('<html lang="nb"><head><title>T</title></head><body>' + "<span>" * 400 + '<a href="/x">a</a>')

    assert root is not None
    assert (root.get("lang"), root.findtext(".//title"), text_content(root)) == ("nb", "T", "Ta")


def test_an_empty_page_has_no_tree() -> None:
    assert parse("") is None
    assert parse(" \n") is None


def test_comments_are_left_out() -> None:
    root = parse("<p>a<!-- b -->c</p>")

    assert root is not None
    assert text_content(root) == "ac"
    assert element_count(root) == 3


def test_a_page_with_too_many_tags_is_flattened() -> None:
    root = parse("<p>a</p>" + "<b></b>" * MAX_TAGS + "<p>c</p>")

    assert root is not None
    assert [p.text for p in root.iter("p")] == ["a", "c"]
    assert element_count(root) == 4


def test_a_page_with_too_many_paragraphs_keeps_its_text() -> None:
    root = parse("<p>a" * (MAX_TAGS + 1))

    assert root is not None
    assert len(text_content(root).split()) == MAX_TAGS + 1
    assert element_count(root) < 9


def test_a_copy_has_elements_of_lxml_html() -> None:
    root = parse('<html lang="nb"><body><p>a<b>b</b></p></body></html>')
    assert root is not None

    copy = html_elements(root)

    assert all(isinstance(element, HtmlElement) for element in copy.iter())
    assert copy is not root
    assert (copy.get("lang"), text_content(copy)) == ("nb", "ab")
