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
        (
            "<table class=x><tr><td colspan=2 onclick=y>a</table>",
            '<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>',
        ),
        ("<p>a<br>b</p><div>c</div>d", "<p>a<br>b</p><div>c</div>d"),
        ("<pre>a  b\nc</pre>", "<pre>a  b\nc</pre>"),
        ("<img src=x><video></video>a", "a"),
    ],
)
def test_markup_that_runs_loads_or_styles_is_removed(markup: str, safe: str) -> None:
    assert sanitise(markup) == safe


def test_markup_with_too_many_references_keeps_only_plain_tags() -> None:
    many = "&amp;" * 100_001

    assert sanitise(f'<p>{many}<a href="/x" onclick="y()">a</a></p><script src=x><p x>&lt;<') == f"<p>{many}a</p>&lt;"
