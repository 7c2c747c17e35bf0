import pytest

from ingestd.articles.completeness import copyright_notices, is_truncated, terms

WORDS = "word " * 100


@pytest.mark.parametrize(
    ("text", "last_lines", "words", "cut"),
    [
        pytest.param(WORDS, ["word"], None, False, id="whole"),
        pytest.param(f"{WORDS}...", ["word"], None, True, id="dots"),
        pytest.param(f"{WORDS}[…]", ["word"], None, True, id="dots-in-brackets"),
        pytest.param(WORDS, ["Continue reading"], None, True, id="read-on"),
        pytest.param(WORDS, ["Jetzt weiterlesen mit Plus"], None, True, id="read-on-in-german"),
        pytest.param(
            WORDS, ["Read more about the bridge that was closed last week in Oslo"], None, False, id="a-teaser"
        ),
        pytest.param(WORDS, ["word"], 400, True, id="a-quarter-of-what-is-counted"),
        pytest.param(WORDS, ["word"], 130, False, id="most-of-it"),
        pytest.param("word", ["word"], 40, False, id="a-note"),
    ],
)
def test_a_part_of_a_story_is_told_from_all_of_it(
    text: str, last_lines: list[str], words: int | None, cut: bool
) -> None:
    assert is_truncated(text, last_lines, words) is cut


def test_an_end_without_an_end_takes_no_time() -> None:
    assert is_truncated(WORDS, ["Read more " + "a" * 100 + "!?" * 5 + "b" * 100_000], None) is False
    assert is_truncated("... " * 100_000 + "x", ["Read more " + "a" * 108], None) is True


def test_copyright_lines_are_of_the_text() -> None:
    lines = [
        "The law on copyright by the sea is old, the mayor said.",
        "© Photo: Bo Ray 2020",
        "Copyright 2020 The Associated Press. All rights reserved.",
        "© dpa-infocom, dpa:200624-99-1/2",
        "(c) and so on",
        "© 2020 Paper" + " x" * 200,
    ]

    assert copyright_notices(lines) == (lines[3], lines[2])


def test_terms_say_what_may_be_done() -> None:
    assert terms(["© 2020 Paper", "© 2020 Paper. This material may not be broadcast."]) == (
        "© 2020 Paper. This material may not be broadcast."
    )
    assert terms(["© 2020 Paper"]) is None
