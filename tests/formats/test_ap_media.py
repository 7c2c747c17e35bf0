import json

from ingestd.formats import parse
from ingestd.model.item import AltId, Author, Concept
from ingestd.model.source import Cursor
from tests.formats.samples import CREATED, RELEASED, WIRE, item_in


def test_all_fields_of_an_api_response_are_read() -> None:
    feed = parse(WIRE["ap_media.json"], url="http://api.harbour.example/media/v/content/feed")
    item = item_in(WIRE["ap_media.json"])

    assert (feed.format, feed.next_page) == ("ap-media", None)
    assert feed.cursor == Cursor(url="http://api.harbour.example/media/v/content/feed?page=2", kind="since")
    assert (item.guid, item.version, item.type) == ("abc7", "3", "text")
    assert (item.versioncreated, item.embargoed, item.pubstatus) == (CREATED, RELEASED, "withheld")
    assert (item.headline, item.description_text) == ("Ice closes the harbour", "Boats stay in.")
    assert (item.byline, item.authors) == ("ADA SHIP", (Author(name="ADA SHIP", role="Harbour News"),))
    assert item.slugline == "BC-DE--Harbour-Ice, 3rd Ld-Writethru"
    assert item.signals == ("newscontent", "writethru")
    assert item.usageterms == "Not before breakfast. Nor after."
    assert (item.provider, item.source) == (Concept(name="HN"), "Harbour Board")
    assert item.subject[1].uri == "http://cv.harbour.example/id/86aa"
    assert AltId(value="29", role="friendlykey") in item.altids
    assert [rendition.name for rendition in item.renditions] == ["nitf"]
    assert [association.guid for association in item.associations] == ["abc8"]
    assert item.extra == {"editorialpriority": "r"}
    assert item.body_html is item.body_text is None


def test_a_single_item_is_read() -> None:
    item = json.loads(WIRE["ap_media.json"])["data"]["items"][0]["item"]

    for document in ({"data": {"item": item}}, {"item": item}):
        assert item_in(json.dumps(document)).guid == "abc7"


def test_an_embargo_without_a_time_is_until_further_notice() -> None:
    item = json.loads(WIRE["ap_media.json"])["data"]["items"][0]["item"] | {"embargoed": ""}

    assert "embargo" in item_in(json.dumps({"item": item})).signals


def test_an_empty_feed_gives_a_cursor() -> None:
    feed = parse(b'{"data": {"items": [], "next_page": "?seq=8"}}', url="http://api.harbour.example/feed?seq=7")

    assert (feed.format, feed.entries) == ("ap-media", ())
    assert feed.cursor == Cursor(url="http://api.harbour.example/feed?seq=8", kind="since")
