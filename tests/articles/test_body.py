from lxml import etree

from ingestd.articles.body import read_body
from ingestd.articles.tree import parse

SENTENCE = "The mayor said on Monday that the bridge would stay closed until the autumn."


def test_the_body_is_told_from_what_surrounds_it() -> None:
    root = parse(
        f"<nav><a href='/'>Home</a></nav><article><p>{SENTENCE * 4}</p><p>{SENTENCE}</p></article>"
        "<footer><p>Contact the paper</p></footer>"
    )

    assert [block.text for block in read_body(root)] == [SENTENCE * 4, SENTENCE]


def test_the_shared_tree_is_left_as_it_was() -> None:
    root = parse(f"<html><head><title>T</title></head><body><nav>n</nav><p>{SENTENCE}</p></body></html>")
    before = etree.tostring(root)

    read_body(root)

    assert etree.tostring(root) == before


def test_an_empty_page_has_no_blocks() -> None:
    assert read_body(parse("<html><body></body></html>")) == ()
