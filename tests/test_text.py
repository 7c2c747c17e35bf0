import pytest

from ingestd.text import block_texts, clean, collapse, fold, parse_fragment, text_of


@pytest.mark.parametrize(
    "unsafe",
    [
        "\x00",
        "\x1b",
        "\x07",
        "\x7f",
        "\x85",
        "\x9b",
        "\ud800",
        "\u200b",
        "\u2060",
        "\ufeff",
        "\u202e",
        "\u2067",
    ],
    ids=ascii,
)
def test_what_no_database_or_terminal_takes_is_left_out(unsafe: str) -> None:
    assert clean(f"a{unsafe}b") == "ab"


@pytest.mark.parametrize(
    "safe", ["a\tb\r\nc", "naïve café", "\u0646\u200c\u0647", "👩\u200d👧", "a\xa0b", "北京"], ids=ascii
)
def test_text_of_every_script_stays_as_it_is(safe: str) -> None:
    assert clean(safe) == safe


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, ""),
        ("", ""),
        (" \n\t ", ""),
        ("  two \r\n\t words\xa0here\u2028now ", "two words here now"),
        ("a\x00 b", "a b"),
    ],
)
def test_text_is_collapsed_to_one_line(text: str | None, line: str) -> None:
    assert collapse(text) == line


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“Quoted” and ‘so’", "\"Quoted\" and 'so'"),
        ("l´eau l`eau", "l'eau l'eau"),
        ("1914–1918 — a war", "1914-1918 - a war"),
        ("small ﹘ dash", "small - dash"),
        ("ﬁnance ２０２０", "finance 2020"),
        ("STRASSE", "straße"),
        ("cafe\u0301", "café"),
        ("co\xadoperate", "cooperate"),
        ("two\n lines", "two lines"),
    ],
)
def test_texts_that_read_the_same_are_folded_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_texts_that_differ_stay_apart() -> None:
    assert fold("resume") != fold("résumé")


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
def test_markup_is_read_as_text_on_one_line(markup: str | None, text: str) -> None:
    assert text_of(markup) == text


def test_text_below_thousands_of_elements_is_not_lost() -> None:
    assert text_of("<div>" * 10_000 + "deep" + "</div>" * 10_000) == "deep"


@pytest.mark.parametrize("piece", ["<", "<a ", "<div>", "</", "<!--", "&lt;", "&#", "<b a='"])
def test_a_million_of_anything_is_read_in_bounded_time(piece: str) -> None:
    assert isinstance(text_of(piece * 300_000), str)


def test_a_script_alone_is_no_text_however_long() -> None:
    assert text_of("<script>" + "if (a < b) {}" * 1000 + "</script>") == ""


def test_a_fragment_is_one_element_without_the_tags_of_a_page() -> None:
    div = parse_fragment("before <body onload='x()'><p>in</p></body> after")

    assert div.tag == "div"
    assert not div.attrib
    assert div.getparent() is None
    assert [child.tag for child in div] == ["p"]


def test_blocks_keep_their_order_and_empty_ones_are_left_out() -> None:
    div = parse_fragment("lead <p>one <em>two</em></p> <p></p> between <ul><li>three<p>four</p>five</ul>")

    assert block_texts(div) == ["lead", "one two", "between", "three", "four", "five"]
