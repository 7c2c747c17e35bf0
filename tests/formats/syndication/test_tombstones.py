from datetime import UTC, datetime

import pytest

from ingestd.formats import parse
from ingestd.formats.common import fields
from ingestd.formats.syndication.tombstones import deleted_in
from ingestd.model.feed import Deleted

URL = "https://paper.example/feeds/news.xml"
WHEN = datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
ENTRY = "<entry><id>urn:x:1</id><title>Ice</title><link href='/ice'/><updated>2026-03-01T10:00:00Z</updated></entry>"


def atom(inside: str) -> bytes:
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0">'
        f"<id>urn:x:0</id><title>Harbour News</title>{inside}</feed>"
    ).encode()


def deleted(more: str = "", *, ref: str = "urn:x:2", when: str = "2026-03-01T12:30:00+01:00") -> str:
    return f'<at:deleted-entry ref="{ref}" when="{when}">{more}</at:deleted-entry>'


def test_deleted_entries_are_read() -> None:
    by = "<at:by><name>Ada Ship</name></at:by><at:comment>It was untrue.</at:comment>"
    feed = parse(atom(deleted(by) + ENTRY + deleted(ref="urn:x:3")), url=URL)

    assert feed.deleted == (
        Deleted(guid="urn:x:2", when=WHEN, comment="It was untrue."),
        Deleted(guid="urn:x:3", when=WHEN),
    )
    assert [(entry.guid, entry.headline, entry.authors) for entry in feed.entries] == [("urn:x:1", "Ice", ())]
    assert (feed.title, feed.warnings) == ("Harbour News", ())


def test_a_feed_with_only_deleted_entries_is_valid() -> None:
    assert parse(atom(deleted()), url=URL).deleted == (Deleted(guid="urn:x:2", when=WHEN),)


def test_a_feed_without_deleted_entries_has_none() -> None:
    assert parse(atom(ENTRY), url=URL).deleted == ()


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        pytest.param(deleted(when="soon"), Deleted(guid="urn:x:2"), id="no time"),
        pytest.param(
            deleted('<at:comment type="html">&lt;b&gt;Un&lt;/b&gt;true &amp;amp; old</at:comment>'),
            Deleted(guid="urn:x:2", when=WHEN, comment="Untrue & old"),
            id="comment as HTML",
        ),
        pytest.param(
            deleted(
                '<at:comment type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><b>Un</b>true</div></at:comment>'
            ),
            Deleted(guid="urn:x:2", when=WHEN, comment="Untrue"),
            id="comment as XHTML",
        ),
        pytest.param(deleted() + deleted(), Deleted(guid="urn:x:2", when=WHEN), id="said twice"),
        pytest.param(deleted(ref=" urn:x:2 "), Deleted(guid="urn:x:2", when=WHEN), id="space around it"),
        pytest.param(deleted() + "<p>&nbsp;</p>", Deleted(guid="urn:x:2", when=WHEN), id="not well-formed"),
        pytest.param(deleted(ref="") + deleted(), Deleted(guid="urn:x:2", when=WHEN), id="without a ref"),
        pytest.param(
            f"<entry><id>urn:x:4</id>{deleted(ref='urn:x:5')}</entry>{deleted()}",
            Deleted(guid="urn:x:2", when=WHEN),
            id="within an entry",
        ),
    ],
)
def test_deleted_entries_are_read_in_all_forms(inside: str, found: Deleted) -> None:
    assert deleted_in(atom(inside)) == (found,)


def test_elements_of_another_namespace_are_ignored() -> None:
    assert deleted_in(atom(deleted()).replace(b"tombstones/1.0", b"tombstones/2.0")) == ()


def test_a_deleted_entry_has_the_guid_of_its_entry() -> None:
    long = "urn:x:" + "2" * 3_000
    feed = parse(atom(deleted(ref=long) + ENTRY.replace("urn:x:1", long)), url=URL)

    assert feed.deleted[0].guid == feed.entries[0].guid


def test_a_document_that_is_not_xml_has_no_deleted_entries() -> None:
    assert deleted_in(b"http://purl.org/atompub/tombstones/1.0") == ()


def test_deleted_entries_beyond_the_limit_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "MAX_ENTRIES", 2)

    assert len(deleted_in(atom("".join(deleted(ref=f"urn:x:{n}") for n in range(4))))) == 2
