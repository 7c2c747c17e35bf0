import re

import pytest

from ingestd.formats import parse
from ingestd.model.item import AltId, Association, Author, Concept, EdNote, Headline, Rendition, Series
from tests.formats.samples import CREATED, RELEASED, WIRE, item_in


def test_all_fields_of_a_document_are_read() -> None:
    item = item_in(WIRE["nitf.xml"])

    assert (item.guid, item.version, item.type, item.pubstatus) == ("HN.2026.77", "3", "text", "usable")
    assert (item.versioncreated, item.embargoed) == (CREATED, RELEASED)
    assert item.expires
    assert item.headline == "Ice closes the harbour"
    assert item.headlines[1] == Headline(text="Boats stay in", role="hl2")
    assert item.description_text == "Boats stay in for a week."
    assert (item.byline, item.authors) == ("Ada Ship", (Author(name="Ada Ship", role="Harbour News Writer"),))
    assert (item.dateline, item.located, item.slugline) == ("PORT, Germany", "PORT, Germany", "Harbour Ice")
    assert (item.keywords, item.language, item.urgency) == (("ice", "ferry"), "en-GB", 3)
    assert (item.genre, item.provider) == ((Concept(name="Current"),), Concept(name="Harbour News"))
    assert item.subject[0] == Concept(code="17005000", name="Warning")
    assert item.subject[1].uri == "http://cv.iptc.org/newscodes/mediatopic/20001131"
    assert item.organisation == (Concept(code="1", scheme="HN", name="Harbour Board"),)
    assert item.place == (Concept(code="DE", name="Port", rel="event location"),)
    assert (item.copyrightholder, item.usageterms) == ("Harbour News", "Not before breakfast.")
    assert item.ednotes == (EdNote(text="With photo."), EdNote(text="Mind the gap.", role="editorsnote"))
    assert item.series == Series(name="Winter", part=2, total=3)
    assert item.altids == (AltId(value="HN-ICE", role="du-key"),)
    assert item.extra == {"edition": "late", "regsrc": "HN"}


def test_the_body_has_no_captions_and_one_line_for_each_row() -> None:
    item = item_in(WIRE["nitf.xml"])

    assert item.body_html == (
        "<p>The Harbour Board closed the harbour.</p><h2>Depth</h2><p>The ice is 12 cm thick.</p>"
        "<table><tr><td>Ferry one</td><td>in</td></tr></table>"
    )
    assert (
        item.body_text == "The Harbour Board closed the harbour.\n\nDepth\n\nThe ice is 12 cm thick.\n\nFerry one\tin"
    )


def test_media_are_associations() -> None:
    assert item_in(WIRE["nitf.xml"]).associations == (
        Association(
            type="picture",
            caption="Ice & boats",
            byline="Bo Ray",
            renditions=(Rendition(href="ice.jpg", contenttype="image/jpeg", width=800, height=600),),
        ),
    )


def test_elements_in_capitals_are_read() -> None:
    body = re.sub(rb"(</?)([a-z][\w.-]*)", lambda match: match[1] + match[2].upper(), WIRE["nitf.xml"])

    assert item_in(body).associations == item_in(WIRE["nitf.xml"]).associations


BARE = (
    "<nitf><head><docdata><date.issue norm='20260301T113015Z'/><doc-id id-string='7'/></docdata></head><body>"
    "<body.head><hedline><hl1>Ice</hl1></hedline></body.head><body.content><p>One.</p></body.content></body></nitf>"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(BARE.replace("nitf>", "NITF>"), id="wrong case"),
        pytest.param(BARE.replace("<nitf>", "<nitf xmlns='http://iptc.org/std/NITF/2006-10-18/'>"), id="namespace"),
        pytest.param(BARE.replace("<p>One.", "<x:p/><p>One."), id="undeclared prefix"),
        pytest.param(BARE.replace("</body.content></body></nitf>", ""), id="cut off"),
        pytest.param(BARE.replace("hedline>", "headline>"), id="headline spelt out"),
        pytest.param(BARE.replace("<body>", "").replace("</body>", ""), id="no body around"),
        pytest.param(BARE.replace(" norm='20260301T113015Z'/>", ">20260301T113015Z</date.issue>"), id="date as text"),
        pytest.param(BARE.replace("20260301T113015Z", "2026-03-01 11:30:15"), id="no zone, a space"),
    ],
)
def test_a_document_that_violates_the_standard_is_still_read(body: str) -> None:
    item = item_in(body)

    assert (item.guid, item.headline, item.body_text, item.versioncreated) == ("7", "Ice", "One.", CREATED)


@pytest.mark.parametrize(
    ("raw", "pubstatus"), [("usable", "usable"), ("canceled", "canceled"), ("embargoed", "withheld"), ("", "usable")]
)
def test_the_management_status_sets_the_publication_status(raw: str, pubstatus: str) -> None:
    assert item_in(BARE.replace("<docdata>", f"<docdata management-status='{raw}'>")).pubstatus == pubstatus


def test_a_release_at_the_issue_date_is_no_embargo() -> None:
    release = "<date.release norm='20260301T123015+0100'/>"

    assert item_in(BARE.replace("<docdata>", f"<docdata>{release}")).embargoed is None


def test_a_date_template_is_no_date_and_a_warning() -> None:
    item = item_in(BARE.replace("20260301T113015Z", "YYYYMMDD000000-HHMM"))

    assert item.versioncreated is None
    assert item.warnings == ("versioncreated is not a time: YYYYMMDD000000-HHMM",)


def test_without_an_identifier_the_guid_is_a_hash_of_the_content() -> None:
    one, two = (item_in(BARE.replace("<doc-id id-string='7'/>", "").replace("One.", text)) for text in ("One.", "Two."))

    assert one.id_origin == "hash"
    assert one.guid != two.guid


def test_without_an_issue_date_the_publication_date_is_used() -> None:
    body = BARE.replace("<date.issue norm='20260301T113015Z'/>", "").replace(
        "</docdata>", "</docdata><pubdata date.publication='20260301T113015Z'/>"
    )

    assert item_in(body).versioncreated == CREATED


def test_a_declared_charset_is_used() -> None:
    body = f"<?xml version='1.0' encoding='iso-8859-1'?>{BARE.replace('One.', 'Schließt für £1.')}".encode("latin-1")

    feed = parse(body, url="https://harbour.example/")

    assert feed.entries[0].body_html == "<p>Schließt für £1.</p>"
