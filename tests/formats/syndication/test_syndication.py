import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser
import pytest

from ingestd.errors import ParseError
from ingestd.formats import parse
from ingestd.formats.common import fields
from ingestd.model.feed import Entry, Feed

URL = "https://paper.example/feeds/news.xml"
WHEN = datetime(2020, 6, 24, 6, 15, tzinfo=UTC)


def rss(*items: str, head: str = "") -> bytes:
    namespaces = " ".join(
        f'xmlns:{prefix}="{uri}"'
        for prefix, uri in {
            "content": "http://purl.org/rss/1.0/modules/content/",
            "dc": "http://purl.org/dc/elements/1.1/",
            "media": "http://search.yahoo.com/mrss/",
            "atom": "http://www.w3.org/2005/Atom",
        }.items()
    )
    inside = head + "".join(f"<item>{item}</item>" for item in items)
    return f'<?xml version="1.0"?><rss version="2.0" {namespaces}><channel>{inside}</channel></rss>'.encode()


def atom(*entries: str, head: str = "", base: str = "") -> bytes:
    inside = head + "".join(f"<entry>{entry}</entry>" for entry in entries)
    return f'<feed xmlns="http://www.w3.org/2005/Atom" xml:base="{base}">{inside}</feed>'.encode()


def only(body: bytes) -> Entry:
    (entry,) = parse(body, url=URL).entries
    return entry


def test_all_fields_of_an_rss_feed_are_read() -> None:
    feed = parse(
        rss(
            "<guid isPermaLink='false'>story-1</guid><link>/1</link><title>Harbour &amp;amp; road</title>"
            "<pubDate>Wed, 24 Jun 2020 01:15:00 -0500</pubDate><dc:creator>Jane Doe</dc:creator>"
            "<dc:creator>John Roe</dc:creator><category>Harbour</category><category>Roads</category>"
            "<description>&lt;p&gt;A &lt;b&gt;short&lt;/b&gt; one.&lt;/p&gt;</description>"
            "<content:encoded><![CDATA[<p>The council voted.</p>]]></content:encoded>",
            head="<title>Harbour News</title><link>https://paper.example/</link><language>en-GB</language>"
            "<managingEditor>desk@paper.example</managingEditor>"
            "<atom:link rel='next' href='?page=2'/><atom:link rel='prev-archive' href='/archive/5.xml'/>",
        ),
        url=URL,
    )

    assert feed == Feed(
        format="rss20",
        title="Harbour News",
        home="https://paper.example/",
        next_page="https://paper.example/feeds/news.xml?page=2",
        prev_archive="https://paper.example/archive/5.xml",
        entries=(
            Entry(
                guid="story-1",
                link="https://paper.example/1",
                headline="Harbour & road",
                published=WHEN,
                published_precision="minute",
                authors=("Jane Doe", "John Roe"),
                description_text="A short one.",
                body_html="<p>The council voted.</p>",
                language="en-GB",
                keywords=("Harbour", "Roads"),
            ),
        ),
    )


def test_all_fields_of_an_atom_feed_are_read() -> None:
    feed = parse(
        atom(
            "<id>urn:x:1</id><link href='1.html'/>"
            "<title type='html'>Harbour &amp;lt;to&amp;gt; &lt;i&gt;road&lt;/i&gt;</title>"
            "<published>2020-06-24T06:15:00Z</published><updated>2020-06-24T08:15:00+02:00</updated>"
            "<summary>Plain &lt;b&gt; text</summary><category term='h' label='Harbour'/>"
            "<content type='xhtml' xml:lang='fr'><div xmlns='http://www.w3.org/1999/xhtml'><p>Voil\xe0.</p></div></content>",
            head="<title>Harbour News</title><author><name>The Desk</name></author><link href='/'/>",
            base="https://paper.example/stories/",
        ),
        url=URL,
    )

    assert feed == Feed(
        format="atom10",
        title="Harbour News",
        home="https://paper.example/",
        entries=(
            Entry(
                guid="urn:x:1",
                link="https://paper.example/stories/1.html",
                headline="Harbour <to> road",
                published=WHEN,
                published_precision="minute",
                updated=WHEN,
                updated_precision="minute",
                authors=("The Desk",),
                description_text="Plain <b> text",
                body_html="<p>Voilà.</p>",
                language="fr",
                keywords=("Harbour",),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("item", "guid", "origin", "link"),
    [
        pytest.param("<guid>https://p.example/1</guid>", "https://p.example/1", "source", "https://p.example/1",
                     id="a permalink is a link too"),
        pytest.param("<guid>1</guid>", "1", "source", None, id="an identifier is no link"),
        pytest.param("<guid>1</guid><link>/1</link>", "1", "source", "https://paper.example/1", id="both"),
        pytest.param("<link>/1</link>", "https://paper.example/1", "link", "https://paper.example/1", id="a link"),
        pytest.param("<link>javascript:alert(1)</link><guid>1</guid>", "1", "source", None, id="an active link"),
    ],
)  # fmt: skip
def test_the_guid_is_the_identifier_or_the_link(item: str, guid: str, origin: str, link: str | None) -> None:
    entry = only(rss(item))

    assert (entry.guid, entry.id_origin, entry.link) == (guid, origin, link)


def test_an_identifier_is_not_resolved_against_the_feeds_address() -> None:
    body = rss("<guid>story/1</guid><link>1</link>")

    assert parse(body, url=URL).entries[0].guid == parse(body, url="http://other.example/").entries[0].guid == "story/1"


def test_without_identifier_and_link_the_guid_is_a_hash() -> None:
    entry = only(rss("<title>Harbour road to widen</title>"))

    assert entry.id_origin == "hash"
    assert entry == only(rss("<title> Harbour road\nto widen </title>"))


def test_stories_with_one_guid_get_unique_guids() -> None:
    feed = parse(rss(*(f"<guid isPermaLink='false'>0</guid><link>/{number}</link>" for number in (1, 2, 2))), url=URL)

    assert [entry.guid for entry in feed.entries] == ["https://paper.example/1", "https://paper.example/2"]
    assert len(feed.warnings) == 2


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        pytest.param("1 &lt; 2 and AT&amp;T", "1 < 2 and AT&T", id="plain text"),
        pytest.param("Use the &lt;code&gt; tag", "Use the <code> tag", id="plain text about a tag"),
        pytest.param("&lt;em&gt;Bold&lt;/em&gt; plan", "Bold plan", id="markup"),
        pytest.param("It&amp;#8217;s on", "It’s on", id="escaped twice"),
        pytest.param("", None, id="empty"),
    ],
)
def test_an_rss_headline_is_plain_text(title: str, expected: str | None) -> None:
    assert only(rss(f"<guid>1</guid><title>{title}</title>")).headline == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Wed, 24 Jun 2020 06:15:00 GMT", WHEN),
        ("Wed, 24 Jun 2020 02:15 EDT", WHEN),
        ("Wed, 24 Jun 2020 08:15:00 CEST", WHEN),
        ("Wed,24 Jun 2020 15:15:0 GMT+9", WHEN),
        ("2020-06-24T06:15:00Z", WHEN),
        ("Wed, 24 Jun 2020 06:15:00 XYZT", None),
        ("Wed, 99 Jun 2020 06:15:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_an_unreadable_date_is_absent(written: str, expected: datetime | None) -> None:
    assert only(rss(f"<guid>1</guid><pubDate>{written}</pubDate>")).published == expected


def test_content_is_not_repeated_as_the_summary() -> None:
    entry = only(rss("<guid>1</guid><link>/1</link><content:encoded>&lt;p&gt;All of it.&lt;/p&gt;</content:encoded>"))

    assert entry.description_text is None
    assert entry.body_html == "<p>All of it.</p>"


def test_a_caption_is_not_taken_for_the_content() -> None:
    entry = only(
        rss(
            "<guid>1</guid><link>/1</link><description>Short.</description>"
            "<media:description>A crane.</media:description>"
            "<content:encoded>&lt;p&gt;The council voted on Tuesday.&lt;/p&gt;</content:encoded>"
        )
    )

    assert entry.body_html == "<p>The council voted on Tuesday.</p>"


def test_without_content_and_link_the_summary_is_the_body() -> None:
    item = "<guid isPermaLink='false'>1</guid><description>&lt;p&gt;Told here.&lt;/p&gt;</description>"

    assert only(rss(item)).body_html == "<p>Told here.</p>"
    assert only(rss(item + "<link>/1</link>")).body_html is None


def test_plain_content_becomes_paragraphs() -> None:
    entry = only(atom("<id>1</id><content type='text'>One &lt; two\n\nThree</content>"))

    assert entry.body_html == "<p>One &lt; two</p><p>Three</p>"


@pytest.mark.parametrize(
    ("author", "expected"),
    [
        ("<author>desk@paper.example (Jane Doe)</author>", ("Jane Doe",)),
        ("<author>desk@paper.example</author>", ("desk@paper.example",)),
        ("<dc:creator>Jane Doe</dc:creator><dc:creator>Jane  Doe</dc:creator>", ("Jane Doe",)),
        ("", ()),
    ],
)
def test_authors_are_names_or_addresses(author: str, expected: tuple[str, ...]) -> None:
    assert only(rss(f"<guid>1</guid>{author}")).authors == expected


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param("<?xml version='1.0' encoding='windows-1251'?>", None, id="declared"),
        pytest.param("", "text/xml; charset=windows-1251", id="in the header"),
        pytest.param("<?xml version='1.0' encoding='windows-1251'?>", "text/xml", id="text/xml is not US-ASCII"),
        pytest.param(
            "<?xml version='1.0' encoding='windows-1251'?>",
            "text/xml; charset=punycode",
            id="not a charset of documents",
        ),
    ],
)
def test_the_charset_comes_from_the_header_or_the_document(body: str, content_type: str | None) -> None:
    document = f"{body}<rss version='2.0'><channel><title>Гавань</title><item/></channel></rss>".encode("windows-1251")

    assert parse(document, url=URL, content_type=content_type).title == "Гавань"


@pytest.mark.parametrize("name", ["punycode", "IDNA", "undefined", "no-such-charset"])
def test_a_document_that_declares_an_unknown_charset_is_utf_8(name: str) -> None:
    document = (
        f"<?xml version='1.0' encoding='{name}'?><rss version='2.0'><channel><title>Гавань</title></channel></rss>"
    )

    assert parse(document.encode(), url=URL).title == "Гавань"


def test_a_byte_order_mark_overrides_the_header() -> None:
    document = "\ufeff<rss version='2.0'><channel><title>Гавань</title><item/></channel></rss>"

    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        feed = parse(document.encode(encoding), url=URL, content_type="text/xml; charset=iso-8859-1")
        assert feed.title == "Гавань"


def test_an_invalid_character_reference_does_not_cost_the_feed() -> None:
    feed = parse(rss("<guid>1</guid><title>Sm&#xD83D;ile&#99999999999;</title>", "<guid>2</guid>"), url=URL)

    assert [entry.guid for entry in feed.entries] == ["1", "2"]
    assert feed.warnings


def test_a_malformed_feed_is_recovered_with_a_warning() -> None:
    feed = parse(rss("<guid>1</guid><title>Black & white</title>", "<guid>2</guid>")[:-16], url=URL)

    assert [entry.guid for entry in feed.entries] == ["1", "2"]
    assert feed.entries[0].headline == "Black & white"
    assert feed.warnings


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'<rss version="2.0"><channel><title>Harb', id="cut off before the first entry"),
        pytest.param(b"<rss" + b"<" * 50, id="garbage"),
    ],
)
def test_a_damaged_feed_without_a_readable_entry_raises_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        parse(body, url=URL)


def test_an_empty_feed_is_valid() -> None:
    assert parse(rss(), url=URL) == Feed(format="rss20")


def test_a_body_is_never_opened_as_a_file_name(tmp_path: Path) -> None:
    (tmp_path / "<rss>").write_bytes(rss("<guid>secret</guid>"))

    with pytest.raises(ParseError):
        parse(f"{tmp_path}/<rss>".encode(), url=URL)


def test_entities_are_neither_expanded_nor_loaded_from_files() -> None:
    words = "".join(f'<!ENTITY a{n} "&a{n - 1};&a{n - 1};">' for n in range(1, 40))
    body = f'<!DOCTYPE rss [<!ENTITY a0 "ha"><!ENTITY f SYSTEM "file:///etc/hostname">{words}]>'.encode()

    feed = parse(body + b"<rss version='2.0'><channel><title>&a39;&f;x</title><item/></channel></rss>", url=URL)

    assert len(feed.title or "") < 50


def test_text_is_clean_and_limited() -> None:
    entry = only(rss(f"<guid>{'g' * 3_000}</guid><title>{'t' * 3_000}</title><category>a\u202eb</category>"))

    assert entry.guid.startswith("sha256:")
    assert entry.id_origin == "source"
    assert len(entry.headline or "") == fields.MAX_LINE
    assert entry.keywords == ("ab",)


def test_entries_beyond_the_limit_are_left_out_with_a_warning() -> None:
    feed = parse(rss(*(f"<guid>{number}</guid>" for number in range(fields.MAX_ENTRIES + 2))), url=URL)

    assert len(feed.entries) == fields.MAX_ENTRIES
    assert feed.warnings[0].endswith("left out: 2")


@pytest.mark.parametrize(
    "identifier",
    ["n-2", "ep-0004", "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a", "tag:paper.example,2026:1", "12345", "/news/1",
     "gopher://paper.example/1", "mailto:desk@paper.example", "paper.example/1", "https://"],
)  # fmt: skip
@pytest.mark.parametrize(
    "enclosure", ["", '<enclosure url="https://paper.example/4.mp3" type="audio/mpeg" length="1"/>']
)
def test_an_identifier_that_is_no_page_is_no_link(identifier: str, enclosure: str) -> None:
    entry = only(rss(f"<guid>{identifier}</guid><description>Gales until Saturday.</description>{enclosure}"))
    of_atom = only(atom(f"<id>{identifier}</id><summary>Gales until Saturday.</summary>"))

    assert (entry.guid, entry.link, entry.body_html) == (identifier, None, "Gales until Saturday.")
    assert (of_atom.guid, of_atom.link) == (identifier, None)
    assert of_atom.body_html == "<p>Gales until Saturday.</p>"


@pytest.mark.parametrize(
    ("links", "page"),
    [
        ('<link rel="alternate" href="/a"/><link rel="enclosure" type="image/jpeg">/b.jpg</link>', "/a"),
        ('<link rel="enclosure" type="image/jpeg">/b.jpg</link><link rel="alternate" href="/a"/>', "/a"),
        ('<link rel="enclosure" href="/b.jpg"/><link href="/a"/>', "/a"),
        ('<link rel="self" href="/feed/1"/><link href="/a" type="text/html"/>', "/a"),
        ('<link href="/a.json" type="application/json"/><link href="/a" type="text/html"/>', "/a"),
        ('<link rel="replies" href="/a#c"/><link rel="alternate" href="/a"/><link rel="related" href="/b"/>', "/a"),
        ('<link rel="alternate"/><link href="/a"/>', "/a"),
        ('<link rel="alternate" href="urn:x:2"/><link href="/a"/>', "/a"),
        ('<link rel="enclosure" href="/b.jpg"/>', None),
        ('<link rel="enclosure">/b.jpg</link>', None),
    ],
)
def test_the_link_is_the_first_page_among_the_links(links: str, page: str | None) -> None:
    assert only(atom(f"<id>urn:x:1</id>{links}")).link == (page and f"https://paper.example{page}")


@pytest.mark.parametrize(
    ("link", "home", "page"),
    [
        ("/news/1", "https://paper.example/", "https://paper.example/news/1"),
        ("news/1", "https://paper.example/en/", "https://paper.example/en/news/1"),
        ("?p=1", "https://paper.example/en/", "https://paper.example/en/?p=1"),
        ("https://other.example/1", "https://paper.example/", "https://other.example/1"),
        ("/news/1", "", "https://feeds.example/news/1"),
        ("/news/1", "urn:x:1", "https://feeds.example/news/1"),
        ("news/1", "https://feeds.example/", "https://feeds.example/f/news/1"),
        ("/news/1", "/", "https://feeds.example/news/1"),
    ],
)
def test_a_relative_link_in_rss_is_of_the_feeds_page(link: str, home: str, page: str) -> None:
    body = rss(f"<guid isPermaLink='false'>1</guid><link>{link}</link>", head=f"<link>{home}</link>")

    assert parse(body, url="https://feeds.example/f/feed.xml").entries[0].link == page


@pytest.mark.parametrize("identifier", ["post-1", "/post/1", "urn:x:1", "?p=1", "#1", "tag:x,26:1", "26/11/1", "../1"])
def test_an_atom_identifier_stays_as_written_below_an_xml_base(identifier: str) -> None:
    body = atom(f"<id>{identifier}</id><link href='1.html'/>", "<id>urn:x:2</id>", base="https://paper.example/blog/")

    first, second = parse(body, url=URL).entries

    assert (first.guid, first.link, second.guid) == (identifier, "https://paper.example/blog/1.html", "urn:x:2")


@pytest.mark.parametrize(
    "odd",
    [
        (
            '<georss:where xmlns:georss="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml">'
            '<gml:Point srsName="EPSG 4326"><gml:pos>45.2 -71.9</gml:pos></gml:Point></georss:where>'
        ),
        (
            '<g:where xmlns:g="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml">'
            '<gml:LineString srsName="x:EPSG:"><gml:posList>1 2</gml:posList></gml:LineString></g:where>'
        ),
    ],
)
@pytest.mark.parametrize("at", [0, 3, 7])
def test_one_entry_never_costs_the_feed(odd: str, at: int) -> None:
    items = [f"<guid>{n}</guid><title>Story {n}</title><link>/{n}</link>" for n in range(8)]
    items[at] += odd

    feed = parse(rss(*items, head="<title>Harbour</title>"), url=URL)

    assert (feed.title, [entry.headline for entry in feed.entries]) == ("Harbour", [f"Story {n}" for n in range(8)])
    assert "elements of entries were dropped" in feed.warnings[0]


def test_an_entry_that_cannot_be_read_at_all_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """No such document is known: the parser is made to fail on a word.  One with a document type is read by it."""
    read = feedparser.parse

    def fail(stream: Any, **options: Any) -> Any:
        body = stream.read()
        if b"Unreadable" in body:
            raise RuntimeError("bug")
        return read(io.BytesIO(body), **options)

    monkeypatch.setattr(feedparser, "parse", fail)
    items = [f"<guid>{n}</guid><title>{'Unreadable' if n in (2, 6) else 'Story'}</title>" for n in range(9)]

    document_type = b"<!DOCTYPE rss>"

    feed = parse(document_type + rss(*items)[21:], url=URL)

    assert [entry.guid for entry in feed.entries] == ["0", "1", "3", "4", "5", "7", "8"]
    assert feed.warnings == ("feedparser failed: RuntimeError: bug; entries left out: 2, 6",)
    with pytest.raises(ParseError, match="feedparser failed: RuntimeError"):
        parse(document_type + rss(items[2])[21:], url=URL)


def test_a_link_of_another_scheme_is_left_out_with_a_warning() -> None:
    feed = parse(rss("<guid>1</guid><link>gopher://paper.example/1</link>"), url=URL)

    assert feed.entries[0].link is None
    assert feed.warnings == ("links that are no http(s) URL were dropped: gopher://paper.example/1",)


@pytest.mark.parametrize("name", ["links", "authors", "tags", "title_detail", "contributors"])
def test_an_element_named_like_feedparsers_own_costs_no_feed(name: str) -> None:
    """Found by random variants: after one, feedparser keeps attributes in the place of texts."""
    item = f"<{name}>x</{name}><link rel='alternate' type='text/html'/><author x='y'>Jane</author><category a='b'/>"

    feed = parse(rss(f"<guid>1</guid><title>T</title>{item}", "<guid>2</guid>", head=item), url=URL)

    assert [entry.guid for entry in feed.entries] == ["1", "2"]
