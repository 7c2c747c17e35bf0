import pytest
from lxml import etree

from ingestd.formats.common.item_body import body_of_elements, body_of_text, paragraphs_as_markup


@pytest.mark.parametrize(
    ("markup", "html", "text"),
    [
        pytest.param("<x><p>a</p><p>b</p></x>", "<p>a</p><p>b</p>", "a\n\nb", id="paragraphs"),
        pytest.param("<x>a<p>b</p>c</x>", "<p>a</p><p>b</p><p>c</p>", "a\n\nb\n\nc", id="text outside paragraphs"),
        pytest.param("<x><P>a</P><CITAT>b</CITAT></x>", "<p>a</p><p>b</p>", "a\n\nb", id="capitals"),
        pytest.param("<x><p>a<br/>b</p></x>", "<p>a<br>b</p>", "a\nb", id="line break"),
        pytest.param("<x><p>a &amp; b &lt; c</p></x>", "<p>a &amp; b &lt; c</p>", "a & b < c", id="references"),
        pytest.param("<x><p> <b>a</b> <i>b</i> </p></x>", "<p><strong>a</strong> <em>b</em></p>", "a b", id="inline"),
        pytest.param("<x><p><person>a</person> b</p></x>", "<p>a b</p>", "a b", id="NITF's names"),
        pytest.param("<x><p><a href='javascript:x'>a</a></p></x>", "<p>a</p>", "a", id="active link"),
        pytest.param("<x><p><a href='/b'>a</a></p></x>", '<p><a href="/b">a</a></p>', "a", id="link"),
        pytest.param("<x><a href='/b'><p>a</p></a></x>", "<p>a</p>", "a", id="link around a paragraph"),
        pytest.param("<x><p/><p> </p><p><b/></p><p><br/></p></x>", None, None, id="empty blocks"),
        pytest.param("<x><div>a<div>b</div></div></x>", "<div>a</div><div>b</div>", "a\n\nb", id="divisions"),
        pytest.param("<x><hl2>a</hl2><fn>b</fn></x>", "<h2>a</h2><p>b</p>", "a\n\nb", id="NITF's heads"),
        pytest.param("<x><script>a</script><figcaption>b</figcaption></x>", None, None, id="script and caption"),
        pytest.param(
            "<x><figure>a</figure><figure><table><tr><td>b</td><td>c</td></tr></table></figure></x>",
            "<table><tr><td>b</td><td>c</td></tr></table>",
            "b\tc",
            id="figure with a table",
        ),
        pytest.param("<x><p>a<br/>b<br/><br/>c</p></x>", "<p>a<br>b</p><p>c</p>", "a\nb\n\nc", id="blank line"),
        pytest.param(
            "<x><p>a</p><p>b</p><p>c<br/><br/>d</p><p>e</p><p>f</p></x>",
            "<p>a</p><p>b</p><p>c<br><br>d</p><p>e</p><p>f</p>",
            "a\n\nb\n\nc\n\nd\n\ne\n\nf",
            id="blank line in a body that is set in paragraphs",
        ),
        pytest.param(
            "<x><p><b>a<br/><br/>b</b></p></x>", "<p><strong>a<br>b</strong></p>", "a\nb", id="emphasis over it"
        ),
        pytest.param("<x><pre>a\n  b   1\n</pre></x>", "<pre>a\n  b   1</pre>", "a\n  b   1", id="pre"),
        pytest.param(
            "<x><pre>\n  a <b>b</b><br/>c\n\nd</pre></x>",
            "<pre>  a <strong>b</strong>\nc\n\nd</pre>",
            "  a b\nc\n\nd",
            id="pre with emphasis",
        ),
        pytest.param(
            "<x><p> (Adds b)\n    c defghi\njklm\n    n</p></x>",
            "<p>(Adds b)</p><p>c defghi jklm</p><p>n</p>",
            "(Adds b)\n\nc defghi jklm\n\nn",
            id="an agency's lines",
        ),
        pytest.param(
            "<x><p>    a:\nb    1\nc    2\n    d</p></x>",
            "<p>a:</p><pre>b    1\nc    2</pre><p>d</p>",
            "a:\n\nb    1\nc    2\n\nd",
            id="an agency's table",
        ),
        pytest.param(
            "<x><p>\n    a\n    <b>b</b>\n    c\n  </p></x>",
            "<p>a <strong>b</strong> c</p>",
            "a b c",
            id="a program's lines",
        ),
        pytest.param("<x><bq>a</bq></x>", "<blockquote>a</blockquote>", "a", id="quotation"),
        pytest.param(
            "<x><bq><block><p>a</p></block><credit>b</credit></bq></x>",
            "<blockquote><p>a</p><p>b</p></blockquote>",
            "a\n\nb",
            id="quotation with its source",
        ),
        pytest.param(
            "<x><table><caption>a</caption><tr><th>b</th><th/></tr><tr><td/><td colspan='2'>c</td></tr></table></x>",
            '<table><caption>a</caption><tr><th>b</th><th></th></tr><tr><td></td><td colspan="2">c</td></tr></table>',
            "a\n\nb\n\n\tc",
            id="table with empty cells",
        ),
        pytest.param(
            "<x><table><tr><td><p>a</p><p>b</p></td><td><ul><li>c</li></ul></td></tr></table></x>",
            "<table><tr><td><p>a</p><p>b</p></td><td><ul><li>c</li></ul></td></tr></table>",
            "a b\tc",
            id="blocks in cells",
        ),
        pytest.param(
            "<x><table><tr><td><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table></td>"
            "<td>d</td></tr></table></x>",
            "<table><tr><td><table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr>"
            "</table></td><td>d</td></tr></table>",
            "a\tb\n\nc\n\nd",
            id="table in a table",
        ),
        pytest.param(
            "<x><p>a&amp;rsquo;s &amp;quot;b&amp;quot; &amp;#8212; &amp;lt;c&amp;gt; R&amp;amp;D</p></x>",
            '<p>a’s "b" — &amp;lt;c&amp;gt; R&amp;amp;D</p>'.replace("’", "&rsquo;")
            .replace('"', "&quot;")
            .replace("—", "&#8212;"),
            'a’s "b" — &lt;c&gt; R&amp;D',
            id="references escaped twice",
        ),
        pytest.param("<x><ul><li>a</li><li>b</li></ul></x>", "<ul><li>a</li><li>b</li></ul>", "a\n\nb", id="list"),
    ],
)
def test_bodies_are_reduced_to_paragraphs_and_simple_html(markup: str, html: str | None, text: str | None) -> None:
    assert body_of_elements([etree.fromstring(markup)]) == (html, text)


@pytest.mark.parametrize(
    ("sent", "html", "text"),
    [
        pytest.param("a.\nb.\nc", "<p>a.</p><p>b.</p><p>c</p>", "a.\n\nb.\n\nc", id="a line is a paragraph"),
        pytest.param("a\n\n b \nc", "<p>a</p><p>b<br>c</p>", "a\n\nb\nc", id="lines of a paragraph"),
        pytest.param("a   b\nc   d", "<pre>a   b\nc   d</pre>", "a   b\nc   d", id="table"),
        pytest.param("<pre>a  b\nc</pre>", "<pre>a  b\nc</pre>", "a  b\nc", id="pre in markup"),
        pytest.param(
            "<p>a<br>b</p><table><tr><td>c<td>d</table>",
            "<p>a<br>b</p><table><tr><td>c<td>d</table>",
            "a\nb\n\nc\td",
            id="lines and rows in markup",
        ),
        pytest.param("1 < 2 & 3", "<p>1 &lt; 2 &amp; 3</p>", "1 < 2 & 3", id="plain text"),
        pytest.param("<P>a</P>\n<P>b", "<P>a</P>\n<P>b", "a\n\nb", id="markup"),
        pytest.param(" \n ", None, None, id="blank"),
        pytest.param("a\x00b", "<p>ab</p>", "ab", id="a NUL"),
    ],
)
def test_bodies_sent_as_text_are_converted(sent: str, html: str | None, text: str | None) -> None:
    assert body_of_text(sent) == (html, text)


def test_no_paragraphs_give_no_markup() -> None:
    assert paragraphs_as_markup([]) is None
