import gzip

import pytest

from ingestd.articles.decode import decode, is_text

GERMAN = "Die Brücke über den Fluß bleibt geschlossen, größere Umwege sind nötig."
RUSSIAN = "Мост закрыт до осени, сообщил мэр в понедельник на заседании городского совета. " * 3

META = b"<meta charset=latin1>"


@pytest.mark.parametrize(
    ("body", "content_type", "text"),
    [
        pytest.param(GERMAN.encode(), None, GERMAN, id="utf-8-unsaid"),
        pytest.param(GERMAN.encode("latin-1"), "text/html; charset=ISO-8859-1", GERMAN, id="header"),
        pytest.param(META + GERMAN.encode("latin-1"), None, META.decode() + GERMAN, id="meta"),
        pytest.param(GERMAN.encode(), "text/html; charset=iso-8859-1", GERMAN, id="utf-8-under-a-wrong-header"),
        pytest.param(b"\xef\xbb\xbf" + GERMAN.encode(), "text/html; charset=koi8-r", GERMAN, id="utf-8-mark"),
        pytest.param(b"\xff\xfe" + GERMAN.encode("utf-16-le"), None, GERMAN, id="utf-16-mark"),
        pytest.param("“So”".encode("cp1252"), "text/html; charset=iso-8859-1", "“So”", id="as-browsers-read-latin-1"),
        pytest.param("新闻".encode("gb18030"), "text/html; charset=gb2312", "新闻", id="larger-set"),
        pytest.param(GERMAN.encode(), "text/html; charset=no-such-thing", GERMAN, id="unknown-charset"),
        pytest.param(b"+ADw-script+AD4-", "text/html; charset=utf-7", "+ADw-script+AD4-", id="never-utf-7"),
        pytest.param(b"abc", "text/html; charset=hex", "abc", id="no-charset-at-all"),
        pytest.param(GERMAN.encode() * 20 + b"\xff", None, GERMAN * 20 + "�", id="one-broken-byte"),
        pytest.param(RUSSIAN.encode("cp1251"), None, RUSSIAN, id="detected"),
        pytest.param(GERMAN.encode("latin-1") * 9, "text/html; charset=utf-8", GERMAN * 9, id="says-it-is-utf-8"),
        pytest.param(b"a\0b", None, "ab", id="nul"),
        pytest.param(b"a\x01\x1fb\tc\r\n", None, "ab\tc\r\n", id="controls"),
        pytest.param("新聞".encode("iso2022_jp"), "text/html; charset=iso-2022-jp", "新聞", id="iso-2022-jp"),
        pytest.param("мост".encode("utf-16-le"), "text/html; charset=utf-16le", "мост", id="utf-16-by-claim"),
        pytest.param(b"", None, "", id="empty"),
    ],
)  # fmt: skip
def test_a_page_is_decoded_by_mark_declaration_or_detection(body: bytes, content_type: str | None, text: str) -> None:
    assert decode(body, content_type) == text


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(RUSSIAN.encode("cp1251"), True, id="cyrillic"),
        pytest.param("新聞".encode("iso2022_jp") * 99, True, id="with-escapes"),
        pytest.param(b"\xff\xfe" + RUSSIAN.encode("utf-16-le"), True, id="utf-16"),
        pytest.param(b"<p>a\x02b</p>" + b"c" * 99, True, id="a-damaged-byte"),
        pytest.param(b"", True, id="empty"),
        pytest.param(bytes(range(256)) * 9, False, id="any-bytes"),
        pytest.param(b"%PDF-1.7\n1 0 obj", False, id="pdf"),
        pytest.param(gzip.compress(RUSSIAN.encode() * 9), False, id="gzip"),
    ],
)
def test_binary_data_is_not_text(body: bytes, expected: bool) -> None:
    assert is_text(body) is expected
