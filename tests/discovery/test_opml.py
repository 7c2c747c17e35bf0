from datetime import UTC, datetime

import pytest

from ingestd.discovery import Outline, read_opml, write_opml
from ingestd.errors import ParseError

CREATED = datetime(2020, 6, 24, 6, 15, tzinfo=UTC)


def opml(outlines: str) -> bytes:
    return f'<?xml version="1.0"?><opml version="2.0"><head/><body>{outlines}</body></opml>'.encode()


def test_a_list_is_read_in_order_with_its_folders() -> None:
    body = opml(
        '<outline text="Papers"><outline text="Coast">'
        '<outline text="short" title="Harbour News" xmlUrl="https://a.example/f" htmlUrl="https://a.example/"/>'
        '</outline><outline type="rss" text="The Tide" xmlUrl="https://b.example/f"/></outline>'
        '<outline text="Loose" xmlurl=" https://c.example/f "/>'
    )

    assert read_opml(body).outlines == (
        Outline(
            url="https://a.example/f", title="Harbour News", home="https://a.example/", categories=("Papers", "Coast")
        ),
        Outline(url="https://b.example/f", title="The Tide", categories=("Papers",)),
        Outline(url="https://c.example/f", title="Loose"),
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(opml('<outline my:note="x" xmlUrl="https://a.example/f"/>'), id="undeclared prefix"),
        pytest.param(opml('<outline text="a & b" xmlUrl="https://a.example/f"/>'), id="bare ampersand"),
        pytest.param(opml('<outline xmlUrl="https://a.example/f"/>')[:-15], id="cut off"),
        pytest.param(b"\n " + opml('<outline xmlUrl="https://a.example/f"/>'), id="space before the declaration"),
        pytest.param(b'<OPML><outline xmlUrl="https://a.example/f"/></OPML>', id="no body"),
        pytest.param(opml('<outline><outline xmlUrl="https://a.example/f"/></outline>'), id="folder without a name"),
        pytest.param(
            opml('<outline xmlUrl="ftp://b.example"/><outline xmlUrl="https://a.example/f"/>'), id="another scheme"
        ),
        pytest.param(
            opml('<outline ODD=""/><outline xmlUrl="https://a.example/f"/>').replace(b"ODD", b"\xed\xa0\x80"),
            id="invalid UTF-8",
        ),
    ],
)
def test_a_list_that_violates_opml_is_still_read(body: bytes) -> None:
    assert [outline.url for outline in read_opml(body).outlines] == ["https://a.example/f"]


@pytest.mark.parametrize(
    "body",
    [b"", b"not xml", b"<html><body/></html>", b"<rss/>", b"\x00", b"<\xed\xa0\x80/>", '{"opml": 2}'.encode("utf-16")],
)
def test_other_documents_raise_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        read_opml(body)


def test_external_entities_are_not_loaded() -> None:
    body = (
        b'<!DOCTYPE opml [<!ENTITY f SYSTEM "file:///etc/hostname">]><opml><body>&f;<outline text="a"/></body></opml>'
    )

    assert read_opml(body).outlines == ()


def test_a_written_list_is_read_back_unchanged() -> None:
    outlines = (
        Outline(url="https://a.example/f?a=1&b=2", title='"Harbour" <News>', home="https://a.example/"),
        Outline(url="https://b.example/f", title="The Tide", categories=("Papers", "Coast")),
        Outline(url="https://c.example/f", title="Море", categories=("Papers",)),
    )

    assert read_opml(write_opml(outlines, title="Mine", created=CREATED)).outlines == outlines


def test_a_folder_is_written_once_and_the_head_has_title_and_time() -> None:
    outlines = [Outline(url=f"https://{name}.example/", categories=("Papers",)) for name in "ab"]

    written = write_opml(outlines, title="Mine\x00\ufffe", created=CREATED).decode()

    assert written.count('text="Papers"') == 1
    assert "<title>Mine</title>" in written
    assert "<dateCreated>Wed, 24 Jun 2020 06:15:00 GMT</dateCreated>" in written


def test_a_feed_without_a_title_is_named_by_its_url() -> None:
    written = write_opml([Outline(url="https://a.example/f")], title="Mine", created=CREATED)

    assert b'text="https://a.example/f"' in written


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("feed://a.example/rss", "http://a.example/rss"),
        ("FEED://a.example/rss", "http://a.example/rss"),
        ("feed:https://a.example/rss", "https://a.example/rss"),
        ("feed:http://a.example/rss", "http://a.example/rss"),
        ("feed://https://a.example/rss", "https://a.example/rss"),
        ("feed:a.example/rss", "http://a.example/rss"),
        ("a.example/rss?x=1", "http://a.example/rss?x=1"),
        ("//a.example:8080/rss", "http://a.example:8080/rss"),
        ("https://a.example/rss?board=3&format=raw&copy=1", "https://a.example/rss?board=3&format=raw&copy=1"),
        ("https://a.example/rss?board=3&amp;format=raw", "https://a.example/rss?board=3&format=raw"),
        ("https://a.example/caf&eacute;", "https://a.example/café"),
    ],
)
@pytest.mark.parametrize("name", ["xmlUrl", "url"])
def test_addresses_are_read_as_they_are_meant(name: str, written: str, url: str) -> None:
    assert [outline.url for outline in read_opml(opml(f'<outline {name}="{written}"/>')).outlines] == [url]


@pytest.mark.parametrize(
    ("outline", "named"),
    [
        ('<outline text="Port" xmlUrl="gopher://a.example/"/>', "Port: gopher://a.example/"),
        ('<outline xmlUrl="nowhere"/>', "nowhere"),
        ('<outline text="Port" xmlUrl="http://"/>', "Port: http://"),
        ('<outline text="Port" type="rss" url="mailto:desk@a.example"/>', "Port: mailto:desk@a.example"),
        ('<outline text="Port" xmlUrl="http://a.example:x/"/>', "Port: http://a.example:x/"),
        ('<outline text="Port" xmlUrl="gopher://user:secret@a.example/"/>', "Port: gopher://a.example/"),
    ],
)
def test_feeds_without_a_readable_address_are_named(outline: str, named: str) -> None:
    found = read_opml(opml(outline))

    assert (found.outlines, found.left_out) == ((), (named,))


@pytest.mark.parametrize(
    "outline",
    [
        '<outline text="Folder"/>',
        '<outline type="link" url="https://a.example/"/>',
        '<outline type="include" url="https://a.example/o.opml"/>',
    ],
)
def test_folders_and_links_are_no_feeds(outline: str) -> None:
    found = read_opml(opml(outline))

    assert (found.outlines, found.left_out) == ((), ())


def test_a_repaired_list_says_so() -> None:
    assert read_opml(opml('<outline xmlUrl="https://a.example/?a=1&b=2"/>')).warnings == (
        "characters that are not escaped were read as text: &b",
    )


@pytest.mark.parametrize(
    ("outline", "urls"),
    [
        ('<outline text="The "best" feed" xmlUrl="https://a.example/1?x=1&amp;y=2"/>', ["https://a.example/1?x=1&y=2"]),
        ("<outline text='Jane's feed' xmlUrl='https://a.example/1'/>", ["https://a.example/1"]),
        ('<outline type=rss text="a" xmlUrl=https://a.example/1 />', ["https://a.example/1"]),
        ('<outline text="a" text="b" xmlUrl="https://a.example/1"/>', ["https://a.example/1"]),
        ('<outline text="a" xmlUrl="https://a.example/1"><outline text="b" xmlUrl="https://a.example/2">',
         ["https://a.example/1", "https://a.example/2"]),
        ('<outline text="a\x08" xmlUrl="https://a.example/1"/>', ["https://a.example/1"]),
        ('<outline text="Q&AMP;A" xmlUrl="https://a.example/?a=1&amp;amp;b=2"/>', ["https://a.example/?a=1&b=2"]),
        ('<outline text="a" xmlUrl="https://a.example/1"/><outline text="b" xmlUrl="https://a.exa',
         ["https://a.example/1"]),
    ],
)  # fmt: skip
def test_a_damaged_list_loses_no_feed_in_silence(outline: str, urls: list[str]) -> None:
    end = "" if "a.exa" in outline[-5:] else "</body></opml>"

    found = read_opml(f'<opml version="2.0"><body>{outline}{end}'.encode())

    assert [one.url for one in found.outlines] == urls
    assert found.warnings


@pytest.mark.parametrize(
    ("outlines", "urls", "left_out"),
    [
        ('<!-- <outline xmlUrl="https://a.example/old"/> --><outline text="The "best"" xmlUrl="https://a.example/1"/>',
         ["https://a.example/1"], ()),
        ('<!-- a --><outline text="The "best"" xmlUrl="https://a.example/1"/><!-- <outline xmlUrl="gopher://x/"/> -->',
         ["https://a.example/1"], ()),
        ('<outline type="rss" text="The "best" feed" xmlUrl="https://a.example/1"/>', ["https://a.example/1"], ()),
        ('<outline type="rss" xmlUrl=https://a.example/1 text="a"/>', ["https://a.example/1"], ()),
        ('<outline type="rss" text="Q&amp;A" xmlUrl=https://a.example/1 /><outline type="rss" text="Port"/>',
         ["https://a.example/1"], ("Port: it has no address",)),
        ('<outline text="The "best"" xmlUrl="https://a.example/1"/><!-- <outline xmlUrl="https://a.example/2"/>',
         ["https://a.example/1", "https://a.example/2"], ()),
    ],
)  # fmt: skip
def test_a_damaged_list_is_searched_without_its_comments_and_names_no_feed_that_is_found(
    outlines: str, urls: list[str], left_out: tuple[str, ...]
) -> None:
    found = read_opml(f'<opml version="2.0"><body>{outlines}</body></opml>'.encode())

    assert ([one.url for one in found.outlines], found.left_out) == (urls, left_out)


@pytest.mark.parametrize(
    ("attribute", "url"),
    [
        ('xmlUrl="feeds://a.example/1"', "https://a.example/1"),
        ('xmlUrl="itpc://a.example/1"', "http://a.example/1"),
        ('xmlUrl="pcast://a.example/1"', "http://a.example/1"),
        ('xmlUrl="podcast://a.example/1"', "http://a.example/1"),
        ('xmlUrl="rss://a.example/1"', "http://a.example/1"),
        ('xmlUrl="https:/a.example/1"', "https://a.example/1"),
        ('xmlUrl="http//a.example/1"', "http://a.example/1"),
        ('xmlUrl="https://https://a.example/1"', "https://a.example/1"),
        ('xmlUrl="feed://https//a.example/1"', "https://a.example/1"),
        ('feedUrl="https://a.example/1"', "https://a.example/1"),
        ('xml_url="https://a.example/1"', "https://a.example/1"),
        ('type="rss" href="https://a.example/1"', "https://a.example/1"),
        ('type="atom" url="https://a.example/1"', "https://a.example/1"),
    ],
)
def test_addresses_are_read_as_programs_write_them(attribute: str, url: str) -> None:
    found = read_opml(f'<opml version="2.0"><body><outline text="a" {attribute}/></body></opml>'.encode())

    assert ([one.url for one in found.outlines], found.left_out) == ([url], ())


@pytest.mark.parametrize(
    "attributes", ['type="rss"', 'type="rss" xmlUrl=" "', 'type="atom" htmlUrl="https://a.example"']
)
def test_a_feed_without_an_address_is_named(attributes: str) -> None:
    found = read_opml(f'<opml version="2.0"><body><outline text="The Paper" {attributes}/></body></opml>'.encode())

    assert (found.outlines, found.left_out) == ((), ("The Paper: it has no address",))


@pytest.mark.parametrize(("declared", "encoding"), [("utf-16", "utf-8"), ("Shift_JIS", "cp932"), ("utf-8", "cp1252")])
def test_a_list_is_read_in_the_encoding_it_is_in(declared: str, encoding: str) -> None:
    title = "①東京" if encoding == "cp932" else "Été"
    body = (
        f'<?xml version="1.0" encoding="{declared}"?><opml><body><outline text="{title}" xmlUrl="https://a.example/"/>'
    )

    assert [one.title for one in read_opml(f"{body}</body></opml>".encode(encoding)).outlines] == [title]
