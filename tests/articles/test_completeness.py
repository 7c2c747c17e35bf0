import pytest

from ingestd.articles.completeness import is_truncated

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
def test_a_truncated_text_is_recognised(text: str, last_lines: list[str], words: int | None, cut: bool) -> None:
    assert is_truncated(text, last_lines, words) is cut


def test_long_lines_take_no_quadratic_time() -> None:
    assert is_truncated(WORDS, ["Read more " + "a" * 100 + "!?" * 5 + "b" * 100_000], None) is False
    assert is_truncated("... " * 100_000 + "x", ["Read more " + "a" * 108], None) is True
