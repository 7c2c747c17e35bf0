import time

import pytest

from ingestd.formats.common import fields


@pytest.mark.parametrize(
    ("value", "markup", "expected"),
    [
        pytest.param("AT&T <gains>", False, "AT&T <gains>", id="plain text keeps what looks like a tag"),
        pytest.param("<b>AT&amp;T</b> gains", True, "AT&T gains", id="tags are removed"),
        pytest.param("It&#8217;s on", True, "It’s on", id="references without tags"),
        pytest.param(" two\n lines\x00\ud800 ", False, "two lines", id="one clean line"),
        pytest.param("<img src='a'>", True, None, id="no text"),
        pytest.param("a" * 5_000, False, "a" * fields.MAX_LINE, id="cut"),
        pytest.param(None, True, None, id="absent"),
    ],
)
def test_a_line_is_plain_clean_and_limited(value: str | None, markup: bool, expected: str | None) -> None:
    assert fields.line_of(value, markup=markup) == expected


def test_plain_content_becomes_escaped_paragraphs() -> None:
    assert fields.body_of("One <b> & two\n\nThree", markup=False) == "<p>One &lt;b&gt; &amp; two</p><p>Three</p>"


def test_content_beyond_the_limit_is_dropped_not_cut() -> None:
    assert fields.body_of("a" * (fields.MAX_BODY + 1)) is None


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/1", "https://paper.example/1"),
        (" https://other.example/a\x00 ", "https://other.example/a"),
        ("urn:x:1", None),
        ("javascript:alert(1)", None),
        (" data:text/html,x", None),
        ("", None),
        (None, None),
        ("/" + "a" * fields.MAX_URL, None),
    ],
)
def test_a_page_is_absolute_and_never_executable(reference: str | None, expected: str | None) -> None:
    assert fields.page_of("https://paper.example/feed", reference) == expected


@pytest.mark.parametrize("reference", ["urn:x:1", "http://[::1", "mailto:desk@paper.example", None])
def test_a_page_is_an_http_url_or_none(reference: str | None) -> None:
    assert fields.page_of("https://paper.example/feed", reference) is None


def test_names_are_unique_in_order_and_limited() -> None:
    assert fields.names_of(["Jane  Doe", None, " ", "John", "Jane Doe"]) == ("Jane Doe", "John")
    assert len(fields.names_of(map(str, range(1_000)))) == fields.MAX_NAMES


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("en", "en"),
        ("pt_BR", "pt-BR"),
        (" de-at ", "de-AT"),
        ("English!", None),
        ("x" * 99, None),
        (None, None),
        ("eng", "en"),
        ("utf", None),
        ("kr", "ko"),
    ],
)
def test_a_language_is_a_well_formed_tag(value: str | None, expected: str | None) -> None:
    assert fields.language_of(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("<![CDATA[Ferry back]]>", "Ferry back"),
        (" <![CDATA[ Ferry back ]]> ", "Ferry back"),
        ("<![CDATA[Ferry]]> <![CDATA[back]]>", "Ferry back"),
        ("Late: <![CDATA[Ferry back]]>", "Late: Ferry back"),
        ("<![CDATA[Ferry back", "Ferry back"),
        ("<![CDATA[]]>", None),
        ("Ferry ]]> back", "Ferry ]]> back"),
    ],
)
@pytest.mark.parametrize("markup", [False, True])
def test_markers_of_escaped_cdata_sections_are_no_text(value: str, expected: str | None, markup: bool) -> None:
    assert fields.line_of(value, markup=markup) == expected
    assert fields.description_of(value, markup=markup) == expected


def test_markers_of_escaped_cdata_sections_are_no_part_of_content() -> None:
    assert fields.body_of("<![CDATA[<p>One</p>]]>") == "<p>One</p>"
    assert fields.body_of("&lt;![CDATA[ in XML ]]&gt;") == "&lt;![CDATA[ in XML ]]&gt;"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("https:p.example/x", "https://p.example/x"),
        ("https:p.example", "https://p.example"),
        ("http:www.p.example/x.html", "http://www.p.example/x.html"),
        ("https:story.html", "https://paper.example/story.html"),
        ("https://p.example/http:x", "https://p.example/http:x"),
        ("https.example/x", "https://paper.example/https.example/x"),
    ],
)
def test_a_scheme_without_slashes_is_one_of_a_host(reference: str, expected: str) -> None:
    assert fields.page_of("https://paper.example/feed", reference) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("a ]]> ", "a"), ("a \n\t]]>", "a"), ("a ]]> b", "a ]]> b"), ("]]>", ""), ("<!--[CDATA[a<b>]]--> c", "a<b> c"),
     ("<!--[CDATA[a ]b]] ]]-->", "a ]b]] "), ("<!--[CDATA[<!-- x -->a]]-->", "<!-- x -->a")],
)  # fmt: skip
def test_markers_of_cdata_sections_are_removed(value: str, expected: str) -> None:
    assert (fields.body_of(value) or "") == expected.strip()


@pytest.mark.parametrize(
    "hostile", ["a" + " " * 200_000 + "b]]>", "<!--[CDATA[" * 40_000, "]]-->" + "<!--[CDATA[ " * 40_000]
)
def test_markers_of_cdata_sections_are_searched_in_linear_time(hostile: str) -> None:
    begin = time.process_time()

    fields.body_of(hostile)
    fields.written_value(hostile)

    assert time.process_time() - begin < 5  # a few milliseconds
