"""Feeds that we write, as our own parser and others read them."""

import importlib
import pkgutil
from dataclasses import replace
from datetime import UTC, datetime

import feedparser
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ingestd.formats import parse
from ingestd.model.feed import Deleted, Entry, Feed
from ingestd.model.item import AltId, Author, Concept, Item
from ingestd.renderers import feeds
from ingestd.renderers.feeds import FEED_RENDERERS
from ingestd.renderers.feeds.document import FeedDocument, Tombstone

RENDERERS = {renderer.name: renderer for renderer in FEED_RENDERERS}
PUBLISHED = datetime(2026, 3, 1, 11, 30, 15, tzinfo=UTC)
UPDATED = datetime(2026, 3, 1, 12, 0, 1, tzinfo=UTC)
ITEM = Item(
    guid="urn:uuid:0b5e7c52-58d6-4a6e-8f1f-6c6f2f3f2a11",
    headline="Ice closes the harbour <b>& more",
    description_text="Ships wait.",
    body_text="One & two.\n\nThree.",
    body_html="<p>One &amp; two.</p><p>Three.</p>",
    byline="Ada Ship",
    authors=(Author(name="Ada Ship"),),
    firstcreated=PUBLISHED,
    versioncreated=UPDATED,
    language="en-GB",
    subject=(Concept(code="20000538", scheme="medtop", name="maritime accident"), Concept(name="ice")),
    keywords=("winter", "ice"),
    usageterms="For subscribers of Harbour News only",
    altids=(AltId(value="https://harbour.example/ice?a=1&b=2", role="canonical"),),
)
KILLED = Tombstone(guid="urn:uuid:dead", when=UPDATED, comment="killed")
FEED = FeedDocument(
    id="urn:uuid:f",
    title="Harbour & sea",
    self_url="https://news.example/feeds/harbour.atom",
    updated=UPDATED,
    items=(ITEM,),
    deleted=(KILLED,),
    hub="https://hub.example/",
)


def read(name: str, document: FeedDocument) -> Feed:
    return parse(RENDERERS[name].render(document), url=document.self_url)


def only(feed: Feed) -> Entry:
    (entry,) = feed.entries
    return entry


def test_every_format_is_in_the_table() -> None:
    names = {module.name for module in pkgutil.iter_modules(feeds.__path__)} - {"document"}

    assert {importlib.import_module(f"ingestd.renderers.feeds.{name}").RENDERER for name in names} == set(
        FEED_RENDERERS
    )


@pytest.mark.parametrize("name", ["atom", "rss", "json"])
def test_an_item_is_read_back_with_all_its_fields(name: str) -> None:
    feed = read(name, FEED)
    entry = only(feed)

    assert feed.warnings == ()
    assert (feed.title, feed.hub, feed.topic) == (FEED.title, FEED.hub, FEED.self_url)
    assert (entry.guid, entry.link) == (ITEM.guid, "https://harbour.example/ice?a=1&b=2")
    assert (entry.headline, entry.description_text) == (ITEM.headline, ITEM.description_text)
    assert (entry.published, entry.updated) == (PUBLISHED, UPDATED)
    assert (entry.body_html, entry.authors) == (ITEM.body_html, ("Ada Ship",))
    assert entry.keywords == ("maritime accident", "ice", "winter")
    assert entry.language == "en-GB"
    assert b"For subscribers of Harbour News only" in RENDERERS[name].render(FEED)


def test_a_ninjs_list_is_read_back_with_its_kills() -> None:
    killed, entry = read("ninjs", FEED).entries

    assert killed.item
    assert (killed.guid, killed.item.pubstatus, killed.item.body_text) == (KILLED.guid, "canceled", None)
    assert entry.item
    assert (entry.item.guid, entry.item.body_text, entry.item.subject[0].code) == (
        ITEM.guid,
        ITEM.body_text,
        "20000538",
    )


@pytest.mark.parametrize("name", ["atom", "rss"])
def test_feedparser_finds_the_document_well_formed(name: str) -> None:
    parsed = feedparser.parse(RENDERERS[name].render(FEED))

    assert parsed.bozo is False
    assert parsed.version == {"atom": "atom10", "rss": "rss20"}[name]
    [entry] = parsed.entries
    assert (entry.id, entry.title) == (ITEM.guid, "Ice closes the harbour <b>& more")
    assert entry.rights == ITEM.usageterms


def test_a_killed_entry_is_a_tombstone_of_atom() -> None:
    assert read("atom", FEED).deleted == (Deleted(guid=KILLED.guid, when=UPDATED, comment="killed"),)


def test_archive_documents_are_linked() -> None:
    archive = replace(
        FEED,
        prev_archive="https://news.example/feeds/harbour/1.atom",
        next_archive="https://news.example/feeds/harbour/3.atom",
        current=FEED.self_url,
    )

    assert read("atom", archive).prev_archive == archive.prev_archive
    root = etree.fromstring(RENDERERS["atom"].render(archive))
    assert root.find("{http://purl.org/syndication/history/1.0}archive") is not None
    rels = {link.get("rel") for link in root.iterchildren("{http://www.w3.org/2005/Atom}link")}
    assert rels == {"self", "hub", "current", "prev-archive", "next-archive"}


def test_a_guid_that_is_no_uri_is_a_urn_in_atom_and_unchanged_elsewhere() -> None:
    document = replace(FEED, items=(replace(ITEM, guid="HN 7/8"),), deleted=(replace(KILLED, guid="HN 9"),))

    assert only(read("atom", document)).guid == "urn:ingestd:HN%207%2F8"
    assert read("atom", document).deleted[0].guid == "urn:ingestd:HN%209"
    assert only(read("rss", document)).guid == "HN 7/8"
    assert only(read("json", document)).guid == "HN 7/8"


ANY_TEXT = st.text(st.characters(), max_size=30)


@settings(max_examples=200)
@given(headline=ANY_TEXT, body=ANY_TEXT, byline=ANY_TEXT, keyword=ANY_TEXT, guid=ANY_TEXT)
def test_hostile_text_never_breaks_a_document(headline: str, body: str, byline: str, keyword: str, guid: str) -> None:
    item = Item(guid=guid or "a", headline=headline, body_html=body, byline=byline, keywords=(keyword,))
    document = replace(FEED, items=(item, replace(ITEM)), deleted=(replace(KILLED, comment=body),))

    for renderer in FEED_RENDERERS:
        body_bytes = renderer.render(document)
        body_bytes.decode("utf-8")
        if renderer.name in ("atom", "rss"):
            root = etree.fromstring(body_bytes, etree.XMLParser(resolve_entities=False))
            entries = [one for one in root.iter() if str(one.tag).endswith(("}entry", "item"))]
            assert len(entries) == 2
