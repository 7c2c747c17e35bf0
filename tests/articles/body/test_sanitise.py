import pytest

from ingestd.articles.body.sanitise import sanitise


@pytest.mark.parametrize(
    ("markup", "safe"),
    [
        ("<p>a <em>b</em></p>", "<p>a <em>b</em></p>"),
        ('<p style="x" onclick="y">a</p>', "<p>a</p>"),
        ("<p>a</p><script>alert(1)</script>", "<p>a</p>"),
        ('<a href="javascript:x">a</a>', "<a>a</a>"),
        ('<a href="https://paper.example/">a</a>', '<a href="https://paper.example/">a</a>'),
        ("<img src=x><video></video>a", "a"),
    ],
)
def test_markup_that_runs_loads_or_styles_is_removed(markup: str, safe: str) -> None:
    assert sanitise(markup) == safe


def test_markup_with_too_many_references_keeps_only_plain_tags() -> None:
    many = "&amp;" * 100_001

    assert sanitise(f'<p>{many}<a href="/x" onclick="y()">a</a></p><script src=x><p x>&lt;<') == f"<p>{many}a</p>&lt;"
