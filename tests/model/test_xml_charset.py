"""Charsets of XML documents: what is declared, what the bytes are, and what one bad byte costs."""

import pytest

from ingestd.formats import parse
from ingestd.model.xml_charset import in_utf8


def document(text: str, declared: str | None) -> str:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return f"{declaration}<rss version='2.0'><channel><item><title>{text}</title></item></channel></rss>"


def headline_of(body: bytes, content_type: str | None = None) -> str | None:
    return parse(body, url="https://paper.example/feed", content_type=content_type).entries[0].headline


@pytest.mark.parametrize(
    ("text", "declared", "encoding"),
    [
        ("台北消息XX報導", "big5", "big5"),
        ("東京のニュースXXです", "euc-jp", "euc-jp"),
        ("東京のニュースXXです", "Shift_JIS", "shift_jis"),
        ("北京消息XX报道", "gb2312", "gbk"),
        ("서울 소식XX입니다", "euc-kr", "euc-kr"),
        ("Паром XX вернулся", "windows-1251", "cp1251"),
        ("Été XX là", "windows-1252", "cp1252"),
        ("Το πλοίο XX γύρισε", "windows-1253", "cp1253"),
        ("Паром XX вернулся", "UTF-8", "utf-8"),
        ("港湾XX委員会", None, "utf-8"),
    ],
)
def test_one_bad_byte_costs_one_character_in_any_encoding(text: str, declared: str, encoding: str) -> None:
    bad = {"windows-1251": b"\x98", "windows-1252": b"\x81"}.get(declared, b"\xff")
    body = bad.join(part.encode(encoding) for part in document(text, declared).split("XX"))

    assert headline_of(body) == text.replace("XX", "\ufffd")
    assert "1" in parse(body, url="https://paper.example/feed").warnings[0]


@pytest.mark.parametrize(
    ("text", "declared", "encoding"),
    [
        ("①髙島屋の話", "Shift_JIS", "cp932"),
        ("똠방각하 펲시콜라", "euc-kr", "cp949"),
        ("朱镕基访问喆", "gb2312", "gbk"),
        ("L’été “là” – 5 €", "iso-8859-1", "cp1252"),
        ("Rentrée à l’école", "us-ascii", "utf-8"),
        ("Rentrée à l’école", "iso-8859-1", "utf-8"),
        ("Rentrée à l’école", "utf-16", "utf-8"),
        ("Ferry back", "utf-16", "ascii"),
        ("Ferry back", "UTF-16LE", "ascii"),
        ("Ferry back", "ucs-2", "ascii"),
        ("Ferry back", "utf-32", "ascii"),
    ],
)
def test_the_bytes_count_where_the_declaration_is_inexact(text: str, declared: str, encoding: str) -> None:
    assert headline_of(document(text, declared).encode(encoding)) == text


@pytest.mark.parametrize(
    ("text", "declared", "encoding", "header"),
    [
        ("Паром вернулся", "windows-1251", "cp1251", "utf-8"),
        ("Паром вернулся", None, "cp1251", "windows-1251"),
        ("Паром вернулся", "utf-8", "cp1251", "windows-1251"),
        ("Паром вернулся", "utf-8", "utf-8", "windows-1251"),
        ("Příliš žluťoučký kůň", "iso-8859-2", "iso-8859-2", "utf-8"),
        ("Rentrée à l’école", None, "cp1252", "iso-8859-1"),
        ("東京", "shift_jis", "shift_jis", "no-such-charset"),
        ("東京", "no-such-charset", "euc-jp", "euc-jp"),
    ],
)
def test_the_header_and_the_declaration_are_tried_in_turn(
    text: str, declared: str | None, encoding: str, header: str
) -> None:
    body = document(text, declared).encode(encoding)

    assert headline_of(body, f"text/xml; charset={header}") == text


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("café à l’ombre", "cp1252"),
        ("Öl für Ärzte", "cp1252"),
        ("Паром вернулся в гавань вечером, пассажиры рады", "cp1251"),
        ("Το πλοίο γύρισε στο λιμάνι το βράδυ της Τρίτης", "cp1253"),
    ],
)
def test_a_document_that_is_no_utf8_at_all_is_read_as_what_it_looks_like(text: str, encoding: str) -> None:
    fixed, warnings = in_utf8(document(text, "utf-8").encode(encoding))

    assert text in fixed.decode()
    assert warnings[0].startswith("document declared as utf-8, but parsed as windows-125")


def test_surrogates_that_were_encoded_one_by_one_are_the_character_they_mean() -> None:
    body = document("Feu XX été", "utf-8").encode().replace(b"XX", b"\xed\xa0\xbd\xed\xb4\xa5")

    assert headline_of(body) == "Feu 🔥 été"


@pytest.mark.parametrize("encoding", ["utf-8", "iso-2022-jp", "utf-16"])
def test_a_document_that_is_right_is_not_changed(encoding: str) -> None:
    body = document("東京", encoding).encode(encoding)

    assert encoding == "utf-16" or in_utf8(body) == (body, ())
    assert headline_of(body) == "東京"


@pytest.mark.parametrize(
    "text",
    ["Zürich für GrößeXX", "ZürichXX für GröXXße", "Rentrée XX à l’école", "Паром XX вернулся", "東京のXXニュース"],
)
@pytest.mark.parametrize("declared", ["UTF-8", None, "iso-8859-1", "windows-1251", "gbk"])
@pytest.mark.parametrize(
    "header", ["iso-8859-1", "windows-1251", "shift_jis", "gbk", "big5", "utf-8", "us-ascii", None]
)
def test_one_bad_byte_makes_no_mojibake_of_utf8_whatever_is_stated(
    text: str, declared: str | None, header: str | None
) -> None:
    body = b"\xff".join(part.encode() for part in document(text, declared).split("XX"))
    content_type = f"application/rss+xml; charset={header}" if header else None

    assert headline_of(body, content_type) == text.replace("XX", "\ufffd")
    warnings = parse(body, url="https://paper.example/feed", content_type=content_type).warnings
    assert f"bytes that are no UTF-8 were replaced: {text.count('XX')}" in warnings


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Zürich für Größe", "iso-8859-1"),
        ("«É» À\xa0» É", "iso-8859-1"),
        ("“It’s back” – L’été", "cp1252"),
        ("«ВВС» и «США» – № 5 ё", "windows-1251"),
        ("東京のニュースです", "shift_jis"),
        ("ﾃｾﾂｱ ﾆｭｰｽ", "shift_jis"),
        ("中国联通报道 北京", "gbk"),
        ("台北消息報導", "big5"),
        ("서울 소식입니다", "euc-kr"),
    ],
)
@pytest.mark.parametrize(("in_header", "in_declaration"), [(True, True), (True, False), (False, True)])
def test_other_encodings_are_not_taken_for_damaged_utf8(
    text: str, encoding: str, *, in_header: bool, in_declaration: bool
) -> None:
    body = document(text, encoding if in_declaration else None).encode(encoding)

    fixed, warnings = in_utf8(body, encoding if in_header else None)

    assert (f"<title>{text}<" in fixed.decode(), warnings) == (True, ())
