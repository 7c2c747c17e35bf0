from lxml import etree

from ingestd.articles.body.page_body import read_body
from ingestd.articles.body.tree import parse

SENTENCE = "The mayor said on Monday that the bridge would stay closed until the autumn."


def test_the_body_is_separated_from_its_surroundings() -> None:
    root = parse(
        f"<nav><a href='/'>Home</a></nav><article><p>{SENTENCE * 4}</p><p>{SENTENCE}</p></article>"
        "<footer><p>Contact the paper</p></footer>"
    )

    assert [block.text for block in read_body(root)] == [SENTENCE * 4, SENTENCE]


def test_the_shared_tree_is_not_changed() -> None:
    root = parse(f"<html><head><title>T</title></head><body><nav>n</nav><p>{SENTENCE}</p></body></html>")
    before = etree.tostring(root)

    read_body(root)

    assert etree.tostring(root) == before


def test_a_text_without_sentences_is_found() -> None:
    lines = [f"Stage {number}: the port at noon" for number in range(1, 9)]
    root = parse("<h1>All stages</h1><article>" + "".join(f"<p>{line}</p>" for line in lines) + "</article>")

    assert [block.text for block in read_body(root)][-8:] == lines


def test_links_are_absolute_or_dropped() -> None:
    root = parse(
        f"<article><p>{SENTENCE * 8} <a href='/quay'>The quay</a> <a href='mailto:a@b.c'>Write</a></p></article>"
    )

    (block,) = read_body(root, "https://paper.example/1")

    assert [run.href for run in block.runs if run.href] == ["https://paper.example/quay"]


def test_an_empty_page_has_no_blocks() -> None:
    assert read_body(parse("<html><body></body></html>")) == ()
