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
        pytest.param("<x><figure>a</figure><figure><table><tr><td>b</td><td>c</td></tr></table></figure></x>",
                     "<table><tr><td>b</td><td>c</td></tr></table>", "b\tc", id="figure with a table"),
        pytest.param("<x><ul><li>a</li><li>b</li></ul></x>", "<ul><li>a</li><li>b</li></ul>", "a\n\nb", id="list"),
    ],
)  # fmt: skip
def test_bodies_are_reduced_to_paragraphs_and_simple_html(markup: str, html: str | None, text: str | None) -> None:
    assert body_of_elements([etree.fromstring(markup)]) == (html, text)


@pytest.mark.parametrize(
    ("sent", "html", "text"),
    [
        pytest.param("a\n\n b \nc", "<p>a</p><p>b</p><p>c</p>", "a\n\nb\n\nc", id="a line is a paragraph"),
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
