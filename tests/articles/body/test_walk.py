import pytest

from ingestd.articles.body.marked_elements import STRONG, WEAK
from ingestd.articles.body.tree import parse
from ingestd.articles.body.walk import placed_blocks, read_blocks

SENTENCE = "The mayor said on Monday that the bridge would stay closed until the autumn."


def test_a_block_has_its_element_and_all_marks_around_it() -> None:
    root = parse(f"<div class='widget'><aside><p>{SENTENCE} <em>Perhaps.</em></p></aside></div><p>{SENTENCE}</p>")

    first, second = placed_blocks(root)

    assert (first.element.tag, [mark.strength for mark in first.marks]) == ("p", [WEAK, STRONG])
    assert (second.element.tag, second.marks) == ("p", ())


def test_text_after_a_block_belongs_to_the_element_around_it() -> None:
    root = parse("<section>Before<div class='share-bar'>Share</div>After</section>")

    placed = placed_blocks(root)

    assert [(one.block.text, one.element.tag, len(one.marks)) for one in placed] == [
        ("Before", "section", 0),
        ("Share", "div", 1),
        ("After", "section", 0),
    ]


def test_nav_and_footer_elements_are_left_out() -> None:
    root = parse(f"<nav>Home</nav><form><p>{SENTENCE}</p></form><footer>Contact</footer>")

    assert [one.block.text for one in placed_blocks(root)] == [SENTENCE]


def test_link_share_is_known_before_links_are_resolved() -> None:
    (placed,) = placed_blocks(parse("<p>See <a href='/a'>the list</a></p>"))

    assert placed.block.link_share == 8 / 12
    assert [run.href for run in placed.block.resolved("https://paper.example/1").runs] == [
        None,
        "https://paper.example/a",
    ]
    assert placed.block.resolved(None).link_share == 0


def test_a_link_that_does_not_resolve_becomes_text() -> None:
    (block,) = read_blocks(parse("<p>See <a href='javascript:go()'>the list</a></p>"), "https://paper.example/1")

    assert [(run.text, run.href) for run in block.runs] == [("See the list", None)]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("\n<td></td>\n<td>The harbour is closed.</td>", ["The harbour is closed."]),
        ("\n<td>\n</td>\n<td>\n</td>\n<td>The harbour is closed.</td>", ["The harbour is closed."]),
        ("\n<td><img src='a.png'></td>\n<td>The harbour is closed.</td>", ["The harbour is closed."]),
        ("\n<th> </th><td>The harbour is closed.</td>", ["The harbour is closed."]),
        ("\n<td></td>\n<td>Harbour</td><td>closed</td>", ["Harbour | closed"]),
        ("\n<td>Harbour</td>\n<td>closed</td>", ["Harbour | closed"]),
        ("<td>Harbour</td>\n<td></td>\n<td>closed</td>", ["Harbour | | closed"]),
        ("<td><p>Harbour</p></td>\n<td>closed</td>", ["Harbour", "closed"]),
    ],
)
def test_no_bar_stands_before_the_first_text_of_a_row_that_sets_out_a_page(cells: str, expected: list[str]) -> None:
    # The list in the last cell makes the row no line of a table.
    root = parse(f"<table><tr>{cells}<td><ul><li>Pier</li></ul></td></tr></table>")

    lines = [block.text.removesuffix(" |") for block in read_blocks(root)]

    assert lines == [*expected, "Pier"]
