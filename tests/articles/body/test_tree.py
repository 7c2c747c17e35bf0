import pytest

from ingestd.articles.body.tree import MAX_TAGS, element_count, parse


@pytest.mark.parametrize("depth", [10, 240, 260, 3000, 50_000])
def test_text_is_kept_at_any_depth(depth: int) -> None:
    root = parse("<html><body>" + "<div>" * depth + "<p>deep</p>" + "</div>" * depth + "<p>after</p>")

    assert root is not None
    assert [p.text for p in root.iter("p") if p.text] == ["deep", "after"]


def test_a_flattened_page_keeps_its_language_and_title() -> None:
    root = parse('<html lang="nb"><head><title>T</title></head><body>' + "<span>" * 400 + '<a href="/x">a</a>')

    assert root is not None
    assert (root.get("lang"), root.findtext(".//title"), root.text_content()) == ("nb", "T", "Ta")


def test_an_empty_page_has_no_tree() -> None:
    assert parse("") is None
    assert parse(" \n") is None


def test_comments_are_left_out() -> None:
    root = parse("<p>a<!-- b -->c</p>")

    assert root is not None
    assert root.text_content() == "ac"
    assert element_count(root) == 3


def test_a_page_with_too_many_tags_is_flattened() -> None:
    root = parse("<p>a</p>" + "<b></b>" * MAX_TAGS + "<p>c</p>")

    assert root is not None
    assert [p.text for p in root.iter("p")] == ["a", "c"]
    assert element_count(root) == 4


def test_a_page_with_too_many_paragraphs_keeps_its_text() -> None:
    root = parse("<p>a" * (MAX_TAGS + 1))

    assert root is not None
    assert len(root.text_content().split()) == MAX_TAGS + 1
    assert element_count(root) < 9
