import pytest

from ingestd.model.markup import block_texts, line_of_element, parse_fragment, text_of


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        (None, ""),
        ("", ""),
        ("plain", "plain"),
        ("AT&T", "AT&T"),
        ("Q&amp;A &#8212; &lt;b&gt;", "Q&A — <b>"),
        ("5 < 6 and 7 > 6", "5 < 6 and 7 > 6"),
        ("so <b>bold</b>ly", "so boldly"),
        ("<p>one</p><p>two", "one two"),
        ("line<br>break", "line break"),
        ("<ul><li>a<li>b</ul>", "a b"),
        ("a<script>alert(1)</script><style>p {}</style><!-- c --><?pi x?>b", "ab"),
        ("<noscript>x</noscript><template>y</template><iframe>z</iframe>", ""),
        ("<title>t</title>x", "x"),
        ("<![CDATA[x]]>", ""),
        ("<?xml version='1.0' encoding='utf-8'?><p>a</p>", "a"),
        ("<html><head></head><body><p>x</p></body></html>", "x"),
        ("a</div></body></html>b", "ab"),
        ("<textarea><b>x", "<b>x"),
        ("<header>a</header>b", "a b"),
        ("&#0;&#8238;x", "\ufffdx"),
        ("\x00\ud800", ""),
        ("<", "<"),
        ("<b", ""),
        ("<!-- never closed", ""),
    ],
)
def test_markup_becomes_text_on_one_line(markup: str | None, text: str) -> None:
    assert text_of(markup) == text


def test_text_in_thousands_of_nested_elements_is_not_lost() -> None:
    assert text_of("<div>" * 10_000 + "deep" + "</div>" * 10_000) == "deep"


@pytest.mark.parametrize("piece", ["<", "<a ", "<div>", "</", "<!--", "&lt;", "&#", "<b a='"])
def test_a_million_repetitions_are_parsed_in_bounded_time(piece: str) -> None:
    assert isinstance(text_of(piece * 300_000), str)


def test_a_script_alone_has_no_text_however_long() -> None:
    assert text_of("<script>" + "if (a < b) {}" * 1000 + "</script>") == ""


def test_a_fragment_becomes_one_element_without_page_tags() -> None:
    div = parse_fragment("before <body onload='x()'><p>in</p></body> after")

    assert div.tag == "div"
    assert not div.attrib
    assert div.getparent() is None
    assert [child.tag for child in div] == ["p"]


def test_blocks_keep_their_order_and_empty_ones_are_left_out() -> None:
    div = parse_fragment("lead <p>one <em>two</em></p> <p></p> between <ul><li>three<p>four</p>five</ul>")

    assert block_texts(div) == ["lead", "one two", "between", "three", "four", "five"]


@pytest.mark.parametrize(
    ("markup", "line"),
    [
        pytest.param(
            "The <em>Petrel</em>’s “H<sub>2</sub>O <i>every</i>where”", "The Petrel’s “H2O everywhere”", id="em"
        ),
        pytest.param("旧码头<em>将</em>关闭", "旧码头将关闭", id="Chinese"),
        pytest.param("<span>旧码头</span><span>将关闭</span>", "旧码头将关闭", id="Chinese-spans"),
        pytest.param("東<ruby>京<rt></rt></ruby>駅", "東京駅", id="ruby"),
        pytest.param("By <a>Ann Lee</a>, <a>Bo Ray</a> (<i>AP</i>)", "By Ann Lee, Bo Ray (AP)", id="links-and-commas"),
        pytest.param("<span class='cap'>T</span>he harbour", "The harbour", id="drop-cap"),
        pytest.param("Fähr<wbr>verbindung", "Fährverbindung", id="wbr"),
        pytest.param("10<sup>th</sup> of May<a>.</a>", "10th of May.", id="sup"),
        pytest.param("un<b>believ</b>able", "unbelievable", id="within-a-word"),
        pytest.param("Ferry<br>pier<br/>closes", "Ferry pier closes", id="br"),
        pytest.param("<div>Ferry</div><div>pier</div>", "Ferry pier", id="divisions"),
        pytest.param("<p>Ferry</p>pier", "Ferry pier", id="paragraph"),
        pytest.param("<a>Ann Lee</a><a>Bo Ray</a>", "Ann Lee Bo Ray", id="links-side-by-side"),
        pytest.param("<span>Ann Lee</span><span>reporter</span>", "Ann Lee reporter", id="spans-side-by-side"),
        pytest.param("<span>Live</span>Ferry pier", "Live Ferry pier", id="kicker"),
        pytest.param("<span>Update:</span>ferry pier", "Update: ferry pier", id="label"),
        pytest.param("Ferry<script>share()</script> pier<style>b {}</style>", "Ferry pier", id="script"),
    ],
)
def test_only_blocks_and_elements_side_by_side_part_words(markup: str, line: str) -> None:
    assert line_of_element(parse_fragment(markup), 200) == line


def test_a_line_is_cut_at_its_limit() -> None:
    assert line_of_element(parse_fragment("<p>one</p>" * 1000), 10) == "one one"
