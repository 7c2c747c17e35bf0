import pytest

from ingestd.errors import ParseError
from ingestd.formats.common import lenient_xml as xml


def test_a_well_formed_document_has_no_warning() -> None:
    root, warnings = xml.root_element(b"<!-- c --><a><?pi?><b>x</b></a>", "thing")

    assert [xml.name_of(child) for child in root] == ["b"]
    assert warnings == ()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<a><b>x</b>", id="cut off"),
        pytest.param(b"junk in front <a><b>x</b></a>", id="text before the root"),
        pytest.param(b"\n<?xml version='1.0'?><a><b>x</b></a>", id="space before the declaration"),
        pytest.param(b"<a><b>x</b>\xff\xfe</a>", id="invalid UTF-8"),
        pytest.param(
            b"<?xml version='1.0' encoding='utf-8'?><a><b>x</b>\xed\xa0\x80</a>", id="invalid UTF-8, declared"
        ),
        pytest.param(b"<p:a><b>x</b></p:a>", id="undeclared prefix"),
    ],
)
def test_a_malformed_document_is_recovered_with_a_warning(body: bytes) -> None:
    root, warnings = xml.root_element(body, "thing")

    first = xml.child(root, "b")
    assert xml.name_of(root) == "a"
    assert first is not None
    assert xml.text_in(first) == "x"
    assert warnings[0].startswith(("not well-formed", "bytes that are no UTF-8", "document declared as utf-8, but"))


@pytest.mark.parametrize("body", [b"no markup", b"<a", b"<>", b"<a/"])
def test_a_document_that_cannot_be_recovered_raises_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError, match="damaged thing: not well-formed"):
        xml.root_element(body, "thing")


def test_names_match_without_namespace_prefix_and_case() -> None:
    root, _ = xml.root_element(b"<n:A xmlns:n='urn:x' xml:lang='de' n:B='1'><n:C>x <n:d>y</n:d></n:C></n:A>", "thing")

    assert xml.name_of(root) == "a"
    assert xml.attributes(root) == {"lang": "de", "b": "1"}
    assert xml.text_in(root) == "x y"
    assert [xml.name_of(one) for one in xml.descendants(root, "c", "d")] == ["c", "d"]


def test_a_line_is_cut_at_the_limit() -> None:
    root, _ = xml.root_element(b"<a>" + b"x" * 5000 + b"</a>", "thing")

    assert xml.line_in(root) == "x" * 2000
