import pytest

from ingestd.articles.body.blocks import Block, Run, to_html, to_text
from ingestd.articles.body.walk import read_blocks
from ingestd.model.markup import parse_fragment

WRAPPED = "a line of the length at which people used to wrap their paragraphs,"


def read(markup: str) -> tuple[Block, ...]:
    return read_blocks(parse_fragment(markup), "https://paper.example/1")


@pytest.mark.parametrize(
    ("markup", "html"),
    [
        pytest.param("<p> one\n <b>two</b>three </p>", "<p>one <strong>two</strong>three</p>", id="white-space"),
        pytest.param("<p>a<em> b </em>c</p>", "<p>a<em> b </em>c</p>", id="space-inside-emphasis"),
        pytest.param("text<p>one</p>tail<div>two</div>", "<p>text</p><p>one</p><p>tail</p><p>two</p>", id="loose-text"),
        pytest.param("<ul><li>a<li><p>b</p></ul>c", "<ul><li>a</li><li>b</li></ul><p>c</p>", id="list"),
        pytest.param(
            "<blockquote><p>a</p><p>b</p></blockquote>",
            "<blockquote>a</blockquote><blockquote>b</blockquote>",
            id="quote",
        ),
        pytest.param("<h1>a</h1><h3>b</h3><h6>c</h6>", "<h2>a</h2><h3>b</h3><h4>c</h4>", id="headings"),
        pytest.param("<table><tr><td>a</td><td>b</td></tr></table>", "<p>a | b</p>", id="table-row"),
        pytest.param(
            "<p><a href='/x'>a <i>b</i></a></p>",
            '<p><a href="https://paper.example/x">a </a><a href="https://paper.example/x"><em>b</em></a></p>',
            id="link",
        ),
        pytest.param("<p>a<a href='mailto:x@y'>b</a></p>", "<p>ab</p>", id="no-web-link"),
        pytest.param("<p>a &lt;b&gt; &amp; c</p>", "<p>a &lt;b&gt; &amp; c</p>", id="escaped"),
        pytest.param("<p>a<script>x</script>b<style>y</style>c</p>", "<p>abc</p>", id="silent"),
        pytest.param("<p>Brü\xadcke \u200bzu</p>", "<p>Brücke zu</p>", id="soft-hyphen-and-zero-width"),
        pytest.param(
            f"<p>{WRAPPED}<br>and go on.<br>Then<br>more</p>",
            f"<p>{WRAPPED} and go on.</p><p>Then</p><p>more</p>",
            id="line-breaks",
        ),
        pytest.param("<pre>a   b\n  <b>c</b>  d\n</pre>", "<pre>a   b\n  <strong>c</strong>  d</pre>", id="pre"),
        pytest.param(
            "<pre><code><span>a = 1</span>\n<span>  b</span></code></pre>", "<pre>a = 1\n  b</pre>", id="code"
        ),
        pytest.param("<pre>a<br>b</pre>", "<pre>a\nb</pre>", id="break-in-pre"),
        pytest.param("<pre>\n\n  a\n \n\n  b  \n c</pre>", "<pre>  a</pre><pre>  b\n c</pre>", id="stanzas-in-pre"),
        pytest.param("<pre><div>a  b</div><div>c</div></pre>", "<pre>a  b</pre><pre>c</pre>", id="blocks-in-pre"),
        pytest.param("<pre> \n </pre>", "", id="empty-pre"),
        pytest.param("<p><i>a</i>\n<i>b</i></p>", "<p><em>a</em> <em>b</em></p>", id="line-end-between-elements"),
        pytest.param("<p>a<br>\nb<br>\n<br>c</p>", "<p>a</p><p>b</p><p>c</p>", id="breaks-and-line-ends"),
        pytest.param(f"<p>{WRAPPED}<br>Maren Holt</p>", f"<p>{WRAPPED}</p><p>Maren Holt</p>", id="a-line-meant-to-end"),
        pytest.param("<table><tr><td><p>a</p><p>b</p><td><div>c</div></table>", "<p>a b | c</p>", id="blocks-in-cells"),
        pytest.param("<table><tr><td>a<br>b<td>c</table>", "<p>a b | c</p>", id="break-in-a-cell"),
        pytest.param("<table><tr><td><td>c</table>", "<p>| c</p>", id="empty-cell"),
        pytest.param(
            "<table><caption>a</caption><tr><td colspan=2>b<tr><td>c<td>d</table>",
            "<p>a</p><p>b</p><p>c | d</p>",
            id="caption-and-colspan",
        ),
        pytest.param(
            "<table><tr><td><table><tr><td>a<td>b<tr><td>c<td>d</table><td>e</table>",
            "<p>a | b</p><p>c | d</p><p>e</p>",
            id="table-in-a-table",
        ),
        pytest.param(
            "<table><tr><td><ul><li>a<li>b</ul><td><h2>c</h2></table>",
            "<ul><li>a</li><li>b</li></ul><h2>c</h2>",
            id="table-that-sets-out-a-page",
        ),
        pytest.param("<p> <br> </p><div></div>", "", id="nothing"),
    ],
)
def test_markup_becomes_blocks(markup: str, html: str) -> None:
    blocks = read(markup)

    assert to_html(blocks) == html
    assert to_text(blocks) == "\n\n".join(block.text for block in blocks)


def test_cut_removes_characters_across_runs() -> None:
    block = Block("p", (Run("one "), Run("two ", "em"), Run("three")))

    assert block.cut(2, 6) == Block("p", (Run("on"), Run("o ", "em"), Run("three")))
    assert block.cut(0, len(block.text)) is None


def test_cut_keeps_the_lines_of_preformatted_text() -> None:
    block = Block("pre", (Run("a   b\n  c   d"),))

    assert block.cut(0, 6) == Block("pre", (Run("  c   d"),))


def test_link_share_counts_characters() -> None:
    assert Block("p", (Run("abc"), Run("d", None, "https://paper.example/"))).link_share == 0.25
