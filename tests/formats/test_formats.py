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

# Shared by the formats; all else in the folder is a format, as a module or as a folder.
HELPERS = {"common"}

RSS = b'<rss version="2.0"><channel><title>Harbour News</title><item><guid>1</guid></item></channel></rss>'
ATOM = b'<feed xmlns="http://www.w3.org/2005/Atom"><title>Harbour News</title><entry><id>1</id></entry></feed>'
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "title": "Harbour News", "items": [{"id": "1"}]}'
SITEMAP = b"<urlset><url><loc>https://paper.example/1</loc></url></urlset>"


def test_every_module_is_in_the_table_or_known_as_a_helper() -> None:
    modules = {module.name for module in pkgutil.iter_modules(formats.__path__)}
    offered = {name: importlib.import_module(f"ingestd.formats.{name}") for name in modules - HELPERS}

    assert {id(module.FORMAT) for module in offered.values()} == {id(known) for known in formats.FORMATS}


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
def test_the_content_shows_the_format(body: bytes, expected: str) -> None:
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
        pytest.param(b"<feedback>thanks</feedback>", id="root that begins like one of ours"),
        pytest.param(b"https://paper.example/1\nnot a URL\n", id="text with a URL"),
        pytest.param(
            b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><x/></rdf:RDF>', id="rdf that is no rss"
        ),
        pytest.param(b"<!--" * 20_000, id="comments without end"),
    ],
)
def test_what_is_no_feed_is_no_known_format(body: bytes) -> None:
    with pytest.raises(UnknownFormat):
        formats.parse(body, url=URL)


def test_a_gzip_file_is_read_through_all_its_members() -> None:
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
def test_a_broken_gzip_file_or_a_bomb_is_a_typed_error(body: bytes) -> None:
    with pytest.raises(ParseError, match="gzip"):
        formats.parse(body, url=URL)


def test_errors_and_feeds_cross_processes() -> None:
    with pytest.raises(ParseError) as caught:
        formats.parse(b"<rss><channel>", url=URL)
    feed = formats.parse(RSS, url=URL)

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    assert pickle.loads(pickle.dumps(feed)) == feed


@pytest.mark.parametrize(
    "body", [RSS, ATOM, JSON, SITEMAP, *WIRE.values()], ids=["rss", "atom", "json", "sitemap", *WIRE]
)
def test_a_document_cut_off_anywhere_is_read_or_refused(body: bytes) -> None:
    for end in range(0, len(body), max(1, len(body) // 200)):
        try:
            feed = formats.parse(body[:end], url=URL)
        except ParseError:
            continue
        assert feed.warnings or feed.entries or feed.title


def test_what_is_no_feed_and_no_sitemap_is_a_wires_format() -> None:
    assert {form.name for form in formats.FORMATS} - {"json-feed", "sitemap", "syndication"} == WIRE_FORMATS


@pytest.mark.parametrize("name", WIRE)
def test_an_entry_says_which_wire_format_it_came_in(name: str) -> None:
    feed = formats.parse(WIRE[name], url=URL)

    # A news sitemap only describes pages, although its entries have items.
    expected = feed.format if feed.format in WIRE_FORMATS else None
    assert {entry.wire for entry in feed.entries} == {expected}
    assert all(entry.item for entry in feed.entries)
