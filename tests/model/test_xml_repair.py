"""Repair of references, stray characters and invalid UTF-8: nothing is lost, nothing valid changes."""

import html
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ingestd.formats.common.lenient_xml import root_element
from ingestd.model.xml_repair import repaired


def text_of(body: str | bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of the document's root, and the warnings."""
    root, warnings = root_element(body.encode() if isinstance(body, str) else body, "document")
    return "".join(root.itertext()), warnings


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Marks & Spencer", "Marks & Spencer"),
        ("Q&A: AT&T", "Q&A: AT&T"),
        ("?a=1&lang=en&copy=2&sect=4", "?a=1&lang=en&copy=2&sect=4"),
        ("?a=1&para=2&reg=3&amp;times=4", "?a=1&para=2&reg=3&times=4"),
        ("R&D; and S&P;500", "R&D; and S&P;500"),
        ("Johnson &Johnson&", "Johnson &Johnson&"),
        ("&&amp;&", "&&&"),
        ("profit < 3 & loss <5%", "profit < 3 & loss <5%"),
        ("a <3 b <- c", "a <3 b <- c"),
        ("caf&eacute; &ndash; &hellip;", "café – …"),
        ("&Auml;&szlig;&euro;&nbsp;&shy;x", "Äß€\xa0\xadx"),
        ("&lt;b&gt; &quot;&apos;&amp;amp;", "<b> \"'&amp;"),
        ("&unheardof; stays", "&unheardof; stays"),
        ("&#8217;&#x2019;&#0039;&#x00027;", "’’''"),
        ("&#146;&#x92;&#150;", "’’–"),
        ("&#xD83D;&#xDE00; &#55357;&#56832;", "😀 😀"),
        ("&#xD83D; &#0; &#11; &#x110000; &#xFFFF;", "� � � � �"),
        ("&#; &#x; &#12", "&#; &#x; &#12"),
        ("<![CDATA[a & b &eacute; < c]]>&eacute;", "a & b &eacute; < cé"),
        ("<!-- & < --><?p & <?>&ouml;", "ö"),
    ],
)
def test_text_is_read_as_it_was_meant(written: str, meant: str) -> None:
    assert text_of(f"<a>{written}</a>")[0] == meant


@pytest.mark.parametrize("quote", ['"', "'"])
def test_attributes_are_read_as_they_were_meant(quote: str) -> None:
    root, _ = root_element(f"<a><b u={quote}/x?a=1&lang=en&copy=2&eacute;{quote}/></a>".encode(), "document")

    assert root[0].get("u") == "/x?a=1&lang=en&copy=2é"


@pytest.mark.parametrize(
    ("subset", "written", "meant"),
    [
        ('<!ENTITY co "Orrin Wire">', "&co;!", "Orrin Wire!"),
        ("<!ENTITY co 'Orrin'>", "&co;", "Orrin"),
        ('<!ENTITY mdash "&#8212;">', "a&mdash;b", "a—b"),
        ('<!ENTITY att "AT&#38;amp;T">', "&att;", "AT&T"),
        ('<!ENTITY eacute "E">', "&eacute;", "E"),
        ('<!ENTITY b "<b/>">', "x&b;y", "x&b;y"),
        ('<!ENTITY f SYSTEM "file:///etc/passwd">', "x&f;y", "x&f;y"),
        ('<!ENTITY % p SYSTEM "file:///etc/passwd">%p;', "x&p;y", "x&p;y"),
    ],
)
def test_declared_entities_are_text(subset: str, written: str, meant: str) -> None:
    assert text_of(f"<!DOCTYPE a [{subset}]><a>{written}</a>")[0] == meant


def test_entities_of_entities_do_not_grow() -> None:
    nested = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 9))
    long = f'<!ENTITY e0 "{"x" * 900}">'

    text, _ = text_of(f"<!DOCTYPE a [{long}{nested}]><a>&e8;{'&e0;' * 5_000}</a>")

    assert len(text) < 1_100_000
    assert text.startswith("&e8;")


@pytest.mark.parametrize(
    ("body", "warning"),
    [
        ("<a>Q&A &lt; x < y</a>", "characters that are not escaped were read as text: &A, <"),
        ("<a>caf&eacute;</a>", "entities that are not declared were read as in HTML: &eacute;"),
        ("<a>&#146;</a>", "references to characters that XML does not allow were replaced: &#146;"),
        ("<a>&a &b &c &d &e</a>", "characters that are not escaped were read as text: &a, &b, &c and 2 more"),
        ("<a>a]]>b</a>", "characters that are not escaped were read as text: ]]>"),
        ("<a>a\x0bb\x00c</a>", "control characters were removed: 2"),
        (b"<a>L\x92\xc3\xa9t\xc3\xa9</a>", "bytes that are no UTF-8 were replaced: 1"),
    ],
)
def test_a_repair_is_a_warning(body: str | bytes, warning: str) -> None:
    assert text_of(body)[1] == (warning,)


@pytest.mark.parametrize(
    "body",
    [
        "<a>é &amp; &#233; &lt;</a>",
        '<!DOCTYPE a SYSTEM "a.dtd"><a>&eacute;</a>',
        '<!DOCTYPE a PUBLIC "-//IPTC//DTD NITF 3.6//EN" "nitf.dtd"><a>&eacute;</a>',
        '<!DOCTYPE a [<!ENTITY eacute "&#233;">]><a>&eacute;</a>',
        "<a><![CDATA[&nbsp; & <]]></a>",
    ],
)
def test_what_is_declared_or_right_is_no_warning(body: str) -> None:
    assert text_of(body)[1] == ()


@pytest.mark.parametrize(
    "encoding", ["iso-8859-1", "windows-1252", "shift_jis", "gb18030", "euc-kr", "utf-16", "utf-16-le"]
)
def test_references_are_repaired_in_any_encoding(encoding: str) -> None:
    word = {"shift_jis": "港", "gb18030": "港", "euc-kr": "항구", "utf-16": "港", "utf-16-le": "港"}.get(encoding, "é")
    body = f'<?xml version="1.0" encoding="{encoding}"?><a>{word} Q&A &ndash; &agrave;</a>'.encode(encoding)

    assert text_of(body)[0] == f"{word} Q&A – à"


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        ("rentré à l".encode() + b"\x92" + "été".encode(), "rentré à l’été"),
        ("Порт ".encode() + b"\xd0 " + "закрыт".encode(), "Порт � закрыт"),
        ("«été» ".encode() + b"\x93x\x94", "«été» “x”"),
        ("naïve café ".encode() + b"\xe9", "naïve café �"),
        ("港湾".encode() + b"\xe6\xb8" + "委員会".encode(), "港湾�委員会"),
        ("ö".encode() * 9 + b"\xed\xa0\x80", "ööööööööö���"),
    ],
)
@pytest.mark.parametrize(
    "declaration", ["", '<?xml version="1.0" encoding="UTF-8"?>', "<?xml version='1.0' encoding='utf-8'?>"]
)
def test_an_invalid_byte_costs_one_character(body: bytes, meant: str, declaration: str) -> None:
    assert text_of(declaration.encode() + b"<a>" + body + b"</a>")[0] == meant


#: Text of which no part could be a tag, a comment or a reference.
TEXT = st.text(st.sampled_from("&<>;#ab é\x92港\"'1 ="), max_size=60).filter(
    lambda text: not any(f"<{sign}" in text for sign in "abé\x92港") and "&#1" not in text
)


@given(TEXT)
def test_text_that_was_not_escaped_is_read_whole(text: str) -> None:
    assert text_of(f"<a>{text}</a>")[0] == text


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=80))
def test_what_is_well_formed_is_not_changed(text: str) -> None:
    body = f"<a>{html.escape(text)}</a>".encode()

    assert repaired(body) == (body, ())
    assert etree.fromstring(body).text in (text, None)


@pytest.mark.parametrize(
    "hostile",
    [
        lambda n: b"<a>" + b"<!--" * n,
        lambda n: b"<a>" + b"<![CDATA[" * n,
        lambda n: b"<a>" + b"<?" * n,
        lambda n: b"<!DOCTYPE a [" * n + b"<a>&x",
        lambda n: b"<a>" + b"&" * n,
        lambda n: b"<a>" + b"&#" * n,
        lambda n: b"<a>" + b"&" + b"a" * n,
        lambda n: b"<a>" + b"&#x" + b"0" * n,
        lambda n: b"<a>" + b"<" * n,
        lambda n: b"<a>\xc3\xa9" + b"\x80\xc3\xa9" * n,
    ],
)
def test_hostile_documents_take_linear_time(hostile: Callable[[int], bytes]) -> None:
    """Quadratic time would be hours here."""
    repaired(hostile(300_000))
