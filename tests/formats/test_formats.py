import gzip
import importlib
import pickle
import pkgutil

import pytest

from ingestd import formats
from ingestd.errors import ParseError, UnknownFormat
from ingestd.model.item import WIRE_FORMATS
from tests.formats.samples import WIRE

URL = "https://paper.example/feed.xml"

#: The format of each sample.
FORMAT_OF = {
    "anpa1312.txt": "anpa1312", "ap_media.json": "ap-media", "digitalwires.json": "digitalwires",
    "iptc7901.txt": "iptc7901", "news_sitemap.xml": "sitemap", "newsml_1.xml": "newsml-1",
    "newsml_g2.xml": "newsml-g2", "ninjs_1.json": "ninjs", "ninjs_3.json": "ninjs", "nitf.xml": "nitf",
}  # fmt: skip

#: The folder of the shared helpers; every other module or folder is a format.
HELPERS = {"common"}

RSS = b'<rss version="2.0"><channel><title>Harbour News</title><item><guid>1</guid></item></channel></rss>'
ATOM = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour News</title><entry><id>1</id></entry></feed>'
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "title": "Harbour News", "items": [{"id": "1"}]}'
SITEMAP = b"<urlset><url><loc>https://paper.example/1</loc></url></urlset>"


def test_every_module_and_folder_except_common_is_a_format_in_the_table() -> None:
    names = {module.name for module in pkgutil.iter_modules(formats.__path__)} - HELPERS
    modules = {name: importlib.import_module(f"ingestd.formats.{name}") for name in names}

    assert {id(module.FORMAT) for module in modules.values()} == {id(known) for known in formats.FORMATS}


def test_a_format_of_several_files_exports_its_format_and_functions() -> None:
    folders = {module.name for module in pkgutil.iter_modules(formats.__path__) if module.ispkg} - HELPERS
    assert folders

    for name in folders:
        face = importlib.import_module(f"ingestd.formats.{name}")
        assert face.__all__ == ["FORMAT", "parse", "recognises"]
        assert (face.FORMAT.parse, face.FORMAT.recognises) == (face.parse, face.recognises)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(RSS, "rss20", id="rss"),
        pytest.param(ATOM, "atom10", id="atom"),
        pytest.param(JSON, "json-feed", id="json feed"),
        pytest.param(SITEMAP, "sitemap", id="sitemap"),
        pytest.param(b"https://paper.example/1\nhttps://paper.example/2\n", "sitemap", id="plain text sitemap"),
        *(pytest.param(body, FORMAT_OF[name], id=name) for name, body in WIRE.items()),
        pytest.param(b"\xef\xbb\xbf" + RSS, "rss20", id="byte order mark"),
        pytest.param(b"\n\n  " + b'<?xml version="1.0"?>' + RSS, "rss20", id="space before the declaration"),
        pytest.param(b"<!-- <html> --><?pi <html> ?>" + RSS, "rss20", id="comment and instruction first"),
        pytest.param(b"<!DOCTYPE rss [<!ENTITY a 'b'>]>" + RSS, "rss20", id="doctype with a subset"),
        pytest.param(b"Warning: cache is cold\n" + RSS, "rss20", id="a script's warning in front"),
        pytest.param(RSS.decode().encode("utf-16"), "rss20", id="utf-16"),
        pytest.param(RSS.decode().encode("utf-16-be"), "rss20", id="utf-16 without a mark"),
    ],
)
def test_the_format_is_detected_from_the_content(body: bytes, expected: str) -> None:
    feed = formats.parse(body, url=URL, content_type="text/html")

    assert feed.format == expected
    assert feed.entries


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b" \r\n", id="blank"),
        pytest.param(b"<!DOCTYPE html><html><head><title>News</title></head></html>", id="html"),
        pytest.param(b"<p>Just a moment...</p>", id="fragment"),
        pytest.param(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", id="image"),
        pytest.param(b'{"error": "rate limited"}', id="other json"),
        pytest.param(b'{"items": [5], "uri": "x"}'.replace(b"items", b"things"), id="json with an identifier"),
        pytest.param(b"W2870asian\nbut no second line of a heading\n", id="text that begins like ANPA"),
        pytest.param(b"abc123 and that is all\n", id="text that begins like IPTC 7901"),
        pytest.param(b"<feedback>thanks</feedback>", id="root whose name begins like a feed's"),
        pytest.param(b"https://paper.example/1\nnot a URL\n", id="text with a URL"),
        pytest.param(
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><x/></rdf:RDF>', id="rdf that is not rss"
        ),
        pytest.param(b"<!--" * 20_000, id="unclosed comments"),
    ],
)
def test_other_documents_raise_unknown_format(body: bytes) -> None:
    with pytest.raises(UnknownFormat):
        formats.parse(body, url=URL)


def test_all_members_of_a_gzip_file_are_read() -> None:
    half = len(RSS) // 2

    feed = formats.parse(gzip.compress(RSS[:half]) + gzip.compress(RSS[half:]) + b"\x00" * 512, url=URL)

    assert [entry.guid for entry in feed.entries] == ["1"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(gzip.compress(RSS)[:-12], id="ends early"),
        pytest.param(gzip.compress(RSS)[:30] + b"\xff" * 30, id="damaged"),
        pytest.param(gzip.compress(b"<rss>" + b" " * (65 * 2**20), 1), id="a bomb"),
    ],
)
def test_a_damaged_gzip_file_or_a_bomb_raises_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError, match="gzip"):
        formats.parse(body, url=URL)


def test_errors_and_feeds_can_be_pickled() -> None:
    with pytest.raises(ParseError) as caught:
        formats.parse(b"<rss><channel>", url=URL)
    feed = formats.parse(RSS, url=URL)

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert pickle.loads(pickle.dumps(feed)) == feed


@pytest.mark.parametrize(
    "body", [RSS, ATOM, JSON, SITEMAP, *WIRE.values()], ids=["rss", "atom", "json", "sitemap", *WIRE]
)
def test_a_document_truncated_anywhere_is_read_or_raises_parse_error(body: bytes) -> None:
    for end in range(0, len(body), max(1, len(body) // 200)):
        try:
            feed = formats.parse(body[:end], url=URL)
        except ParseError:
            continue
        assert feed.warnings or feed.entries or feed.title


def test_all_formats_except_feeds_and_sitemaps_are_wire_formats() -> None:
    assert {form.name for form in formats.FORMATS} - {"json-feed", "sitemap", "syndication"} == WIRE_FORMATS


@pytest.mark.parametrize("name", WIRE)
def test_an_entry_names_its_wire_format(name: str) -> None:
    feed = formats.parse(WIRE[name], url=URL)

    # Entries of a news sitemap have items, but they only describe pages.
    expected = feed.format if feed.format in WIRE_FORMATS else None
    assert {entry.wire for entry in feed.entries} == {expected}
    assert all(entry.item for entry in feed.entries)
