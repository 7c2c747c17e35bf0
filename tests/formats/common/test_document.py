import pytest

from ingestd.errors import ParseError
from ingestd.formats import parse
from ingestd.formats.common.document import document_of, json_object_in


@pytest.mark.parametrize(
    ("body", "root", "is_json"),
    [
        (b"<a/>", "a", False),
        (b'{"a": 1}', None, True),
        (b"\xef\xbb\xbf [1]", None, True),
        (b"[not json] <a/>", "a", False),
        (b"plain text", None, False),
    ],
)
def test_the_root_element_or_json_is_found(body: bytes, root: str | None, is_json: bool) -> None:
    document = document_of(body)

    assert (document.root, document.json is not None) == (root, is_json)


def test_invalid_json_raises_parse_error_with_the_reason() -> None:
    with pytest.raises(ParseError, match="invalid JSON"):
        parse(b'{"uri": "x", ', url="https://harbour.example/")
    with pytest.raises(ParseError, match="not a JSON object"):
        json_object_in(document_of(b"[1]"))


def test_deeply_nested_json_raises_parse_error() -> None:
    with pytest.raises(ParseError):
        parse(b"[" * 100_000, url="https://harbour.example/")


def test_invalid_utf_8_is_replaced_with_a_warning() -> None:
    feed = parse(b'{"items": [{"id": "1", "title": "\xff"}]}', url="https://harbour.example/")

    assert feed.warnings == ("invalid UTF-8 bytes were replaced",)
