import pytest

from ingestd.model.sniffing import charset_of, root_name


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"<rss>", "rss"),
        (b"<rdf:RDF>", "rdf"),
        (b"<?xml version='1.0'?>\n<!-- a --><!-- <b> -->\n<Feed>", "feed"),
        ("\ufeff<rss>".encode("utf-16-be"), "rss"),
        ("<rss>".encode("utf-32"), "rss"),
        (b"", None),
        (b"a < b", None),
        (b"<!-- never ends <rss>", None),
        (b"<!--" + b"a licence " * 3_000 + b"-->\n<rss>", "rss"),
        *((b" " * spaces + b"<newsItem>", "newsitem") for spaces in (2_040, 2_044, 2_047, 2_048)),
        (("<!--" + "a" * 2_030 + "--><nitf>").encode("utf-16"), "nitf"),
    ],
)
def test_the_root_is_the_first_element(body: bytes, expected: str | None) -> None:
    assert root_name(body) == expected


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        (None, None),
        ("text/xml", None),
        ("text/xml; charset=UTF-8", "utf-8"),
        ('text/xml; Charset="windows-1251"', "cp1251"),
        ("text/xml; charset=x-unheard-of", None),
        ("text/xml; charset=punycode", None),
        ("text/xml; charset=unicode_escape", None),
        ("text/xml; charset*=utf-8''%ff", None),
    ],
)
def test_only_charsets_of_documents_count(content_type: str | None, expected: str | None) -> None:
    assert charset_of(content_type) == expected
