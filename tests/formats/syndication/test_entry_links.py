"""The pages that entries link to: links, identifiers and files, as publishers mix them up."""

import time

import pytest

from ingestd.formats import parse
from ingestd.formats.syndication.feedparser_document import _without_broken_bases
from ingestd.model.feed import Entry

FEED = "https://feeds.example/f/feed.xml"
NAMESPACES = (
    'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"'
)


def rss_entry(item: str, home: str = "https://feeds.example/") -> Entry:
    body = f'<rss version="2.0" {NAMESPACES}><channel><link>{home}</link><item>{item}</item></channel></rss>'
    return parse(body.encode(), url=FEED).entries[0]


def atom_entry(entry: str) -> Entry:
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title><entry>{entry}</entry></feed>'
    return parse(body.encode(), url=FEED).entries[0]


@pytest.mark.parametrize(
    ("item", "page"),
    [
        ("<link>n-6</link><guid>n-6</guid>", None),
        ("<guid>https://paper.example/28 copy</guid>", None),
        ("<guid>17 at https://paper.example</guid>", None),
        ("<link>#</link><guid>n-7</guid>", None),
        ("<link>mailto:desk@paper.example</link>", None),
        ("<guid isPermaLink='true'>/news/10</guid>", None),
        ("<link>www.paper.example/18</link>", "https://www.paper.example/18"),
        ("<link>feeds.example/18</link>", "https://feeds.example/18"),
        ("<link>https:/paper.example/20</link>", "https://paper.example/20"),
        ("<link>http//paper.example/21</link>", "http://paper.example/21"),
        ("<link>http://https://paper.example/22</link>", "https://paper.example/22"),
        ("<link>https://https//paper.example/22</link>", "https://paper.example/22"),
        ("<link>http:///paper.example/23</link>", "http://paper.example/23"),
        ("<link>&lt;![CDATA[https://paper.example/24]]&gt;</link>", "https://paper.example/24"),
        ("<link>https://paper.example/?a=1&amp;amp;lang=2</link>", "https://paper.example/?a=1&lang=2"),
        ("<link><![CDATA[https://paper.example/?a=1&amp;copy=2]]></link>", "https://paper.example/?a=1&copy=2"),
        ("<link>https://paper.example/?a=1&AMP;b=2</link>", "https://paper.example/?a=1&b=2"),
        ("<link>?p=26</link>", "https://feeds.example/?p=26"),
    ],
)
def test_the_page_of_an_rss_item_is_an_address_as_it_was_meant(item: str, page: str | None) -> None:
    assert rss_entry(f"{item}<description>d</description>").link == page


@pytest.mark.parametrize(
    ("links", "page"),
    [
        ('<link rel="http://www.iana.org/assignments/relation/alternate" href="/a"/>', "https://feeds.example/a"),
        ('<link rel="" href="/a"/>', "https://feeds.example/a"),
        ('<link rel=" Alternate " href=" /a "/>', "https://feeds.example/a"),
        ('<link rel="canonical" href="/a"/>', "https://feeds.example/a"),
        ('<content src="/a" type="text/html"/>', "https://feeds.example/a"),
        ('<link rel="alternate" type="image/jpeg" href="/a.jpg"/>', None),
        ('<link rel="alternate" type="application/json" href="/a.json"/>', None),
        ('<link rel="alternate" type="video/mp4" href="/a.mp4"/><link href="/a"/>', "https://feeds.example/a"),
        ('<link rel="related" href="/b"/><link rel="via" href="/c"/>', None),
        ('<link rel="self" href="/a.atom"/><link rel="edit" href="/a.edit"/>', None),
        ('<link rel="canonical" href="/a"/><link href="/b"/>', "https://feeds.example/b"),
        ('<link rel="alternate" href=""/><link rel="alternate" href="/a"/>', "https://feeds.example/a"),
    ],
)
def test_the_page_of_an_atom_entry_is_its_alternate(links: str, page: str | None) -> None:
    assert atom_entry(f"<id>urn:x:1</id><title>t</title>{links}<summary>s</summary>").link == page


def test_a_picture_does_not_take_the_place_of_the_text() -> None:
    entry = atom_entry('<id>urn:x:1</id><link type="image/png" href="/a.png"/><content>The ferry is back.</content>')

    assert (entry.link, entry.body_html) == (None, "<p>The ferry is back.</p>")


@pytest.mark.parametrize(
    "odd",
    [
        "<tags>x</tags>",
        "<authors>y</authors>",
        "<title_detail>z</title_detail>",
        "<summary_detail>z</summary_detail>",
        "<content_detail>z</content_detail>",
        "<contributors>z</contributors>",
        "<links>z</links>",
        "<enclosures>z</enclosures>",
        "<guidislink>z</guidislink>",
        "<published_parsed>z</published_parsed>",
        "<author_detail>z</author_detail>",
        '<description xml:base="http://[bad">d</description>',
        '<content:encoded xml:base="http://[::1/">d</content:encoded>',
        "<description>x</descriptions>",
        "<description>a ]]> b</description>",
        "<description>a\x01\x1fb</description>",
    ],
)
def test_an_odd_element_costs_no_entry_and_no_link(odd: str) -> None:
    item = "<item><title>{0}</title><link>https://paper.example/{0}</link>{1}</item>"
    body = f'<rss version="2.0" {NAMESPACES}><channel><title>T</title>{item.format(1, odd)}{item.format(2, "")}'

    feed = parse(f"{body}</channel></rss>".encode(), url=FEED)

    assert [(entry.headline, entry.link) for entry in feed.entries] == [
        ("1", "https://paper.example/1"),
        ("2", "https://paper.example/2"),
    ]


ONE = "<item><title>1</title><link>/1</link></item>"


@pytest.mark.parametrize(
    "end",
    ["<title>2</title><link>/2</link><description>The ferry ret",
     "<title>2</title><link>/2</link><content:encoded><![CDATA[<p>The ferry ret",
     "<title>2</title><link>/2</link><descr", "<link>/2</link><guid>n-", "<link>/2", "<title>2</title><li", ""],
)  # fmt: skip
def test_an_entry_that_is_cut_off_is_left_out(end: str) -> None:
    feed = parse(f'<rss version="2.0" {NAMESPACES}><channel><title>T</title>{ONE}<item>{end}'.encode(), url=FEED)

    assert [entry.headline for entry in feed.entries] == ["1"]
    assert "the document ends within its last entry" in feed.warnings


def test_an_entry_without_its_end_tag_is_read_where_the_document_goes_on() -> None:
    two = "<item><title>2</title><link>/2</link><description>The ferry returned.</description>"

    feed = parse(f'<rss version="2.0"><channel><title>T</title>{ONE}{two}</channel></rss>'.encode(), url=FEED)

    assert [entry.description_text for entry in feed.entries] == [None, "The ferry returned."]


def test_broken_bases_cost_linear_time() -> None:
    item = '<item><title>{0}</title><link xml:base="http://[bad{0}">/{0}</link></item>'
    items = "".join(item.format(number) for number in range(3))
    body = f'<rss version="2.0"><channel><title>T</title>{items}</channel></rss>'.encode()
    hostile = b"".join(b' xml:base="http://[%d"' % number for number in range(20_000)) + b" " * 1_000_000
    begin = time.process_time()

    fixed, warnings = _without_broken_bases(hostile)

    assert time.process_time() - begin < 10  # a tenth of a second
    assert (fixed.strip(), warnings) == (b"", ('xml:base is no URL: xml:base="http://[0"',))
    assert [entry.link for entry in parse(body, url=FEED).entries] == [f"https://feeds.example/{n}" for n in range(3)]


@pytest.mark.parametrize(
    ("title", "headline"),
    [
        ("&lt;![CDATA[Ferry back]]&gt;", "Ferry back"),
        ("<![CDATA[<![CDATA[Ferry back]]>]]&gt;", "Ferry back"),
        ("<![CDATA[<![CDATA[Ferry back]]]]>", "Ferry back"),
        ("<![CDATA[&lt;![CDATA[Ferry back]]&gt;]]>", "Ferry back"),
        ("&amp;lt;![CDATA[Ferry back]]&amp;gt;", "Ferry back"),
        ("![CDATA[Ferry back]]", "Ferry back"),
        ("&lt;!--[CDATA[Ferry back]]--&gt;", "Ferry back"),
        ("&lt;![cdata[Ferry back]]&gt;", "Ferry back"),
        ("&lt;! [CDATA[ Ferry &amp;amp; back ]]&gt;", "Ferry & back"),
        ("Ferry back]]&gt;", "Ferry back"),
        ("Ferry [back] a[0]", "Ferry [back] a[0]"),
    ],
)
def test_markers_of_escaped_cdata_sections_are_no_part_of_a_headline(title: str, headline: str) -> None:
    assert rss_entry(f"<title>{title}</title>").headline == headline


def test_markers_of_escaped_cdata_sections_are_no_part_of_other_fields() -> None:
    fields = {"link": "https://paper.example/1", "guid": "n-1", "category": "Sport", "author": "Jane Doe",
              "pubDate": "Sat, 29 Jun 2024 15:07:41 GMT"}  # fmt: skip
    entry = rss_entry("".join(f"<{name}>&lt;![CDATA[{value}]]&gt;</{name}>" for name, value in fields.items()))

    assert (entry.link, entry.guid, entry.keywords, entry.authors) == (
        "https://paper.example/1", "n-1", ("Sport",), ("Jane Doe",)
    )  # fmt: skip
    assert entry.published is not None
