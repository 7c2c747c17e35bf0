import pytest

from ingestd.articles.decode import decode

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
        pytest.param(b"a\0b", None, "ab", id="nul"),
        pytest.param(b"", None, "", id="empty"),
    ],
)  # fmt: skip
def test_a_page_is_decoded_by_mark_claim_and_evidence(body: bytes, content_type: str | None, text: str) -> None:
    assert decode(body, content_type) == text
