import json
from typing import Any

import pytest

from ingestd.formats import parse
from ingestd.model.item import AltId, Association, Author, Concept, EdNote, Headline, Link, Rendition
from tests.formats.samples import CREATED, RELEASED, WIRE, item_in, items_in

PICTURE = Rendition(href="https://harbour.example/8.jpg", name="full", contenttype="image/jpeg", width=800, height=600)


def test_all_fields_of_superdesks_ninjs_1_are_read() -> None:
    item = item_in(WIRE["ninjs_1.json"])

    assert (item.guid, item.version, item.type) == ("tag:harbour.example,2026:ice-7", "3", "text")
    assert (item.versioncreated, item.embargoed, item.pubstatus) == (CREATED, RELEASED, "usable")
    assert (item.headline, item.description_text) == ("Ice closes the harbour", "Boats stay in.")
    assert (item.body_html, item.body_text) == ("<p>The harbour is closed.</p><p>The ice grows.</p>", None)
    assert (item.byline, item.authors) == ("Ada Ship", (Author(name="Ada Ship", role="writer"),))
    assert (item.urgency, item.priority, item.language, item.keywords) == (3, 6, "en", ("ice", "ferry"))
    assert [(one.code, one.uri, one.rel) for one in item.subject] == [
        ("17005000", None, None),
        ("20000538", "http://cv.iptc.org/newscodes/mediatopic/20000538", None),
        ("20001131", "http://cv.iptc.org/newscodes/mediatopic/20001131", "mapped"),
    ]
    assert item.place[0].uri == "http://cvx.iptc.org/iso3166-1a2/DE"
    assert (item.source, item.copyrightholder, item.usageterms) == ("HN", "Harbour News", "Not before breakfast.")
    assert item.ednotes == (EdNote(text="With photo."),)
    assert item.links == (Link(guid="tag:harbour.example,2026:ice-6", rel="evolvedfrom"),)
    (association,) = item.associations
    assert (association.name, association.caption, association.byline) == ("featuremedia", "Ice & boats.", "Bo Ray")
    assert (association.renditions[0].name, association.renditions[0].width) == ("original", 800)


def test_all_fields_of_ninjs_3_are_read() -> None:
    item = item_in(WIRE["ninjs_3.json"])

    assert (item.guid, item.version, item.type) == ("urn:newsml:harbour.example:20260301:7", "3", "text")
    assert (item.versioncreated, item.embargoed, item.pubstatus) == (CREATED, RELEASED, "withheld")
    assert item.headlines == (
        Headline(text="Ice closes the harbour", role="main"),
        Headline(text="Ice!", role="short"),
    )
    assert (item.headline, item.description_text, item.byline) == (
        "Ice closes the harbour",
        "Boats stay in.",
        "Ada Ship",
    )
    assert item.body_html == "<h1>Ice</h1><p>The harbour is closed.</p><p>The ice grows.</p>"
    assert item.body_text is None  # the text sent is not the text of the HTML
    assert [one.uri or one.code for one in item.subject] == [
        "http://cv.iptc.org/newscodes/mediatopic/20000538",
        "HN:7:ICE",
    ]
    assert item.person == (Concept(name="Ada Ship", rel="about"),)
    assert (item.organisation[0].uri, item.event[0].name) == ("https://board.example/", "Ice Day")
    assert item.provider == Concept(name="Harbour News")
    assert item.altids == (AltId(value="77", role="number"),)
    (association,) = item.associations
    assert association.caption == "Ice & boats."
    assert association.renditions[0].sizeinbytes == 4096


LEAST: dict[str, Any] = {"uri": "urn:x:1", "versioncreated": "2026-03-01T11:30:15Z"}


def as_json(**more: Any) -> str:
    return json.dumps({**LEAST, **more})


@pytest.mark.parametrize(
    "wrapped",
    [
        pytest.param([LEAST], id="a list"),
        pytest.param({"items": [LEAST]}, id="items, as JSON Feed calls them"),
        pytest.param({"total": 1, "item": [LEAST]}, id="item"),
        pytest.param({"data": {"results": [LEAST]}}, id="two deep"),
    ],
)
def test_lists_of_items_are_found_in_any_envelope(wrapped: object) -> None:
    assert item_in(json.dumps(wrapped)).guid == "urn:x:1"


def test_a_list_has_a_next_page() -> None:
    feed = parse(json.dumps({"items": [LEAST], "next": "/page/2"}).encode(), url="https://harbour.example/page/1")

    assert feed.next_page == "https://harbour.example/page/2"


@pytest.mark.parametrize(
    ("more", "html", "text"),
    [
        pytest.param({"body_text": "One.\nTwo."}, "<p>One.</p><p>Two.</p>", "One.\n\nTwo.", id="text"),
        pytest.param(
            {"body_html": "One &amp;\ntwo"}, "<p>One &amp;</p><p>two</p>", "One &\n\ntwo", id="HTML without a tag"
        ),
        pytest.param({"body_main": "One."}, "<p>One.</p>", "One.", id="by role"),
        pytest.param({"body_xhtml": "<p>One.</p>", "body_text": "One. Long."}, "<p>One.</p>", "One. Long.", id="both"),
        pytest.param({"bodies": [{"value": "One."}]}, "<p>One.</p>", "One.", id="list"),
        pytest.param(
            {"bodies": [{"contentType": "application/nitf+xml", "value": "<nitf><body><body.content><p>One.</p>"}]},
            "<p>One.</p>",
            "One.",
            id="NITF in the body's place",
        ),
        pytest.param({"bodies": [{"value": 5}, "x", None]}, "<p>x</p>", "x", id="wrong types"),
    ],
)
def test_bodies_are_read_in_all_forms(more: dict[str, Any], html: str, text: str) -> None:
    item = item_in(as_json(**more))

    assert (item.body_html, item.body_text) == (html, text)


@pytest.mark.parametrize(
    ("more", "field", "value"),
    [
        pytest.param({"urgency": "3"}, "urgency", 3, id="number as text"),
        pytest.param({"urgency": "high"}, "urgency", None, id="not a number"),
        pytest.param({"version": 4}, "version", "4", id="version as number"),
        pytest.param({"headline": ["x"]}, "headline", None, id="a list for a text"),
        pytest.param({"pubStatus": "Cancelled"}, "pubstatus", "canceled", id="another spelling"),
        pytest.param({"keywords": "ice, ferry"}, "keywords", ("ice", "ferry"), id="keywords in a line"),
        pytest.param({"located": {"name": "Port"}}, "located", "Port", id="object for a text"),
        pytest.param({"provider": "HN"}, "provider", Concept(name="HN"), id="text for an object"),
        pytest.param({"language": "EN_gb"}, "language", "en-GB", id="underscore in a language"),
        pytest.param({"associations": {"a": None, "b": {}}}, "associations", (), id="empty associations"),
        pytest.param(
            {"associations": [{"id": "a", "uri": "urn:x:2", "headlines": [{"value": "H"}]}]},
            "associations",
            (Association(name="a", guid="urn:x:2", headline="H"),),
            id="associations in a list",
        ),
        pytest.param({"subject": [{"qcode": "subj:17005000"}]}, "event", (), id="qcode"),
        pytest.param({"versioncreated": "2026-03-01"}, "pubstatus", "usable", id="a day for a time"),
    ],
)
def test_values_of_unexpected_types_are_read_or_count_as_absent(
    more: dict[str, Any], field: str, value: object
) -> None:
    assert getattr(item_in(as_json(**more)), field) == value


def test_both_identifiers_are_kept() -> None:
    item = item_in(as_json(guid="77"))

    assert (item.guid, item.altids) == ("urn:x:1", (AltId(value="77", role="guid"),))


def test_values_of_a_list_that_are_not_items_are_left_out() -> None:
    assert len(items_in(json.dumps([LEAST, {"uri": "x"}, 5, None, {"headline": "h"}]))) == 1


def test_a_json_feed_is_not_taken_for_ninjs() -> None:
    body = b'{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1", "title": "T", "uri": "u"}]}'

    assert parse(body, url="https://harbour.example/").format == "json-feed"


@pytest.mark.parametrize(
    ("more", "signals"),
    [
        pytest.param({"embargoed": ""}, ("embargo",), id="empty"),
        pytest.param({"embargoedUntil": " "}, ("embargo",), id="blank"),
        pytest.param({"embargoed": "later"}, ("embargo",), id="not a time"),
        pytest.param({"embargoed": None}, (), id="null"),
        pytest.param({"embargoed": "", "byline": ""}, (), id="unfilled template"),
        pytest.param({"embargoed": "", "embargoedUntil": "2026-03-02T05:00:00Z"}, (), id="time in another key"),
        pytest.param({}, (), id="absent"),
    ],
)
def test_an_embargo_without_a_time_is_until_further_notice(more: dict[str, Any], signals: tuple[str, ...]) -> None:
    assert item_in(as_json(**more)).signals == signals
