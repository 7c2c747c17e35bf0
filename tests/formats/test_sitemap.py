from datetime import UTC, datetime

import pytest

from ingestd.errors import ParseError
from ingestd.formats import parse, sitemap
from ingestd.model.feed import Entry, Feed
from ingestd.model.item import Concept, Headline, Item
from tests.formats.samples import WIRE, item_in

URL = "https://paper.example/sitemap.xml"

NEWS = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url>
    <loc> https://paper.example/1?a=1&amp;b=2 </loc>
    <lastmod>2020-06-24T08:30:00+02:00</lastmod>
    <image:image><image:loc>https://paper.example/1.jpg</image:loc><image:title>A crane</image:title></image:image>
    <news:news>
      <news:publication><news:name>Harbour News</news:name><news:language>en</news:language></news:publication>
      <news:publication_date>2020-06-24</news:publication_date>
      <news:title>Harbour &amp; road</news:title>
      <news:keywords>Harbour, Roads</news:keywords>
    </news:news>
  </url>
</urlset>"""


def test_the_news_extension_gives_headline_time_and_language() -> None:
    feed = parse(NEWS, url=URL)

    assert feed.entries == (
        Entry(
            guid="https://paper.example/1?a=1&b=2",
            id_origin="link",
            link="https://paper.example/1?a=1&b=2",
            headline="Harbour & road",
            published=datetime(2020, 6, 24, tzinfo=UTC),
            updated=datetime(2020, 6, 24, 6, 30, tzinfo=UTC),
            published_precision="day",
            updated_precision="minute",
            language="en",
            keywords=("Harbour", "Roads"),
            item=Item(
                guid="https://paper.example/1?a=1&b=2",
                versioncreated=datetime(2020, 6, 24, tzinfo=UTC),
                versioncreated_precision="day",
                type="text",
                headline="Harbour & road",
                headlines=(Headline(text="Harbour & road"),),
                language="en",
                keywords=("Harbour", "Roads"),
                provider=Concept(name="Harbour News"),
            ),
        ),
    )
    assert not feed.warnings


def test_other_values_of_the_news_extension_are_in_the_item() -> None:
    item = item_in(WIRE["news_sitemap.xml"])

    assert item.versioncreated == datetime(2026, 3, 1, 10, 30, 15, tzinfo=UTC)
    assert [genre.code for genre in item.genre] == ["PressRelease", "Blog"]
    assert item.extra == {"stock_tickers": "NASDAQ:ICE"}


def test_an_index_has_children() -> None:
    feed = parse(
        b"<sitemapindex><sitemap><loc>/a.xml.gz</loc><lastmod>2020-06-24</lastmod></sitemap>"
        b"<sitemap><loc>https://paper.example/b.xml</loc></sitemap><sitemap/></sitemapindex>",
        url=URL,
    )

    assert feed == Feed(
        format="sitemap",
        children=(
            ("https://paper.example/a.xml.gz", datetime(2020, 6, 24, tzinfo=UTC)),
            ("https://paper.example/b.xml", None),
        ),
    )


@pytest.mark.parametrize(
    ("body", "warned"),
    [
        pytest.param(b"<urlset><url><loc>/1</loc></url></urlset>", False, id="no namespace"),
        pytest.param(b'<urlset xmlns="urn:wrong"><url><loc>/1</loc></url></urlset>', False, id="wrong namespace"),
        pytest.param(b"<s:urlset><s:url><s:loc>/1</s:loc></s:url></s:urlset>", True, id="undeclared prefix"),
        pytest.param(b"<urlset><url><loc>/1</loc></url><url><loc>", True, id="cut off"),
        pytest.param(b"<urlset><url><loc>/1&nbsp;</loc></url></urlset>", True, id="unknown entity"),
        pytest.param(b"\n<?xml version='1.0'?><urlset><url><loc>/1</loc></url></urlset>", True, id="space in front"),
    ],
)
def test_a_sitemap_that_violates_the_protocol_is_still_read(body: bytes, warned: bool) -> None:
    feed = parse(body, url=URL)

    assert [entry.link for entry in feed.entries] == ["https://paper.example/1"]
    assert bool(feed.warnings) is warned


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"<urlset>", id="cut off before the first"),
        pytest.param(b"<sitemapindex", id="cut off in the root"),
    ],
)
def test_a_damaged_sitemap_without_a_readable_entry_raises_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body, url=URL)


def test_invalid_and_repeated_addresses_are_left_out() -> None:
    addresses = ("/1", "javascript:alert(1)", "", "ftp://paper.example/2", "/1")
    places = "".join(f"<url><loc>{address}</loc></url>" for address in addresses)

    feed = parse(f"<urlset>{places}</urlset>".encode(), url=URL)

    assert [entry.guid for entry in feed.entries] == ["https://paper.example/1"]


def test_external_entities_are_not_loaded_and_stay_as_text() -> None:
    body = (
        b'<!DOCTYPE urlset [<!ENTITY file SYSTEM "file:///etc/hostname"><!ENTITY word "told">]>'
        b"<urlset><url><loc>https://paper.example/1</loc>"
        b'<news xmlns=""><title>&file;&word;</title></news></url></urlset>'
    )

    (entry,) = parse(body, url=URL).entries

    assert entry.headline == "&file;told"


def test_bytes_that_cannot_be_decoded_cost_only_their_own_url() -> None:
    body = b"<urlset><url><loc>/1</loc></url><url><l\xed\xa0\x80>x</l><loc>/\xed\xa0\x80</loc></url></urlset>"

    assert [entry.link for entry in parse(body, url=URL).entries] == ["https://paper.example/1"]


def test_a_plain_text_list_of_urls_is_a_sitemap() -> None:
    feed = parse(b"https://paper.example/1\r\n\r\nhttps://paper.example/2\r\nhttps://paper.example/1", url=URL)

    assert [entry.guid for entry in feed.entries] == ["https://paper.example/1", "https://paper.example/2"]


def test_addresses_beyond_the_protocols_limit_are_left_out_with_a_warning() -> None:
    lines = "\n".join(f"https://paper.example/{number}" for number in range(sitemap.MAX_URLS + 3))

    feed = parse(lines.encode(), url=URL)

    assert len(feed.entries) == sitemap.MAX_URLS
    assert "left out: 3" in feed.warnings[0]
