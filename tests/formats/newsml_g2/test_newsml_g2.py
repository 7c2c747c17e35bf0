import pytest

from ingestd.errors import ParseError
from ingestd.formats import parse
from ingestd.formats.common import fields
from ingestd.model.item import AltId, Association, Author, Concept, EdNote, Headline, Link, Rendition
from tests.formats.samples import CREATED, RELEASED, WIRE, item_in, items_in

GUID = "urn:newsml:harbour.example:20260301:7"


def test_every_item_of_a_message_is_an_entry_in_document_order() -> None:
    feed = parse(WIRE["newsml_g2.xml"], url="https://harbour.example/")

    assert feed.format == "newsml-g2"
    assert not feed.warnings
    assert [(entry.guid, entry.item and entry.item.type) for entry in feed.entries] == [
        ("urn:newsml:harbour.example:20260301:pack-7", "composite"),
        (GUID, "text"),
        ("urn:newsml:harbour.example:20260301:8", "picture"),
    ]


def test_all_fields_of_a_text_item_are_read() -> None:
    _, item, _ = items_in(WIRE["newsml_g2.xml"])

    assert (item.guid, item.id_origin, item.version, item.type) == (GUID, "source", "3", "text")
    assert (item.versioncreated, item.embargoed) == (CREATED, RELEASED)
    assert (item.pubstatus, item.pubstatus_raw, item.is_correction) == ("usable", "stat:usable", True)
    assert "sig:correction" in item.signals
    assert item.headline == "Ice closes the harbour & the ferry"
    assert item.headlines[1] == Headline(text="Boats stay in", role="hl:subtitle")
    assert item.description_text == "Boats stay in for a week."
    assert (item.byline, item.dateline, item.located) == ("Ada Ship", "PORT (HN)", "Port")
    assert item.authors == (Author(name="Ada Ship", role="crol:writer"),)
    assert (item.slugline, item.keywords, item.language, item.urgency) == ("Harbour-Ice", ("ice", "ferry"), "en-GB", 3)
    assert item.provider == Concept(
        code="HN", scheme="nprov", uri="http://cv.iptc.org/newscodes/newsprovider/HN", name="Harbour News"
    )
    assert (item.source, item.creditline, item.copyrightholder) == ("Harbour Board", "HN", "Harbour News")
    assert (item.copyrightnotice, item.usageterms) == ("(c) 2026 Harbour News", "Not before breakfast.")
    assert item.altids == (AltId(value="HN0077", role="hnid:number"),)
    assert Link(guid=GUID, version="2", rel="irel:evolvedFrom") in item.links
    assert [rendition.href for rendition in item.renditions] == ["https://harbour.example/7.pdf"]


def test_concepts_are_listed_by_their_type() -> None:
    _, item, _ = items_in(WIRE["newsml_g2.xml"])

    topic, retired, literal, mapped = item.subject
    assert (topic.uri, topic.name) == ("http://cv.iptc.org/newscodes/mediatopic/20000538", "leisure")
    assert (retired.scheme, retired.code, retired.name) == ("subj", "17005000", "warning")
    assert literal == Concept(code="TT:02000000:ICE", name="TT:02000000:ICE")
    assert (mapped.uri, mapped.rel) == ("http://cv.iptc.org/newscodes/mediatopic/20001131", "mapped")
    assert "http://cv.harbour.example/place/12" in {place.uri for place in item.place}
    assert [person.name for person in item.person] == ["Ada Ship"]
    assert [organisation.name for organisation in item.organisation] == ["Harbour Board"]


def test_private_notes_are_marked() -> None:
    _, item, _ = items_in(WIRE["newsml_g2.xml"])

    assert item.ednotes[1] == EdNote(text="Ada Ship, +49 30 555 0100", role="hnrole:contacts", public=False)
    assert item.ednotes[0].public


def test_the_body_has_paragraphs_but_no_head_caption_or_script() -> None:
    _, item, _ = items_in(WIRE["newsml_g2.xml"])

    assert item.body_html == (
        '<p>The harbour is closed, <em>says</em> the <a href="https://board.example/">board</a>.</p><h2>Depth</h2>'
        "<p>The ice is 12 &lt; 13 cm thick.<br>It grows.</p><ul><li>Ferry one</li><li>Ferry two</li></ul>"
    )
    assert item.body_text == (
        "The harbour is closed, says the board.\n\nDepth\n\nThe ice is 12 < 13 cm thick.\nIt grows.\n\n"
        "Ferry one\n\nFerry two"
    )


def test_a_package_lists_its_items_as_associations() -> None:
    package, _, _ = items_in(WIRE["newsml_g2.xml"])

    assert package.headline == "Ice at the harbour"
    assert package.associations == (
        Association(guid=GUID, version="3", type="text", rel="group:main"),
        Association(guid="urn:newsml:harbour.example:20260301:8", type="picture", rel="group:main"),
    )


def test_a_killed_picture_is_canceled_and_a_time_without_a_zone_is_a_warning() -> None:
    _, _, picture = items_in(WIRE["newsml_g2.xml"])

    assert (picture.pubstatus, picture.pubstatus_raw) == ("canceled", "stat:canceled")
    assert picture.renditions == (
        Rendition(href="https://harbour.example/8.jpg", contenttype="image/jpeg", width=800, height=600),
    )
    assert "without a zone" in picture.warnings[0]


ITEM = (
    '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:x:1" version="2"><itemMeta>'
    '<itemClass qcode="ninat:text"/><provider literal="HN"/><versionCreated>2026-03-01T11:30:15Z</versionCreated>'
    '<pubStatus qcode="stat:usable"/></itemMeta><contentMeta><headline>Ice</headline></contentMeta><contentSet>'
    "<inlineXML><html><body><p>Text.</p></body></html></inlineXML></contentSet></newsItem>"
)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(ITEM, id="bare item"),
        pytest.param(ITEM.replace(' xmlns="http://iptc.org/std/nar/2006-10-01/"', ""), id="no namespace"),
        pytest.param(ITEM.replace("2006-10-01", "2099-01-01"), id="wrong namespace"),
        pytest.param(ITEM.replace("<itemMeta>", "<itemMeta><q:x/>"), id="undeclared prefix"),
        pytest.param(ITEM.replace("newsItem", "NEWSITEM").replace("headline>", "HeadLine>"), id="wrong case"),
        pytest.param(ITEM.replace("guid=", "GUID=").replace("qcode=", "Qcode="), id="wrong case of attributes"),
        pytest.param(ITEM.replace("</contentSet></newsItem>", ""), id="cut off"),
        pytest.param(
            ITEM.replace("</itemMeta><contentMeta>", "").replace("</contentMeta>", "</itemMeta>"), id="misplaced"
        ),
        pytest.param(ITEM.replace("<p>Text.", "<p>Text.&nbsp;"), id="unknown entity"),
        pytest.param("\ufeff\n" + ITEM, id="byte order mark and space before the root"),
        pytest.param(f"<newsMessage><itemSet>{ITEM}</itemSet><itemSet/></newsMessage>", id="two sets"),
    ],
)
def test_a_document_that_violates_the_standard_is_still_read(body: str) -> None:
    item = item_in(body)

    assert (item.guid, item.version, item.versioncreated) == ("urn:x:1", "2", CREATED)
    assert (item.headline, item.type, item.pubstatus) == ("Ice", "text", "usable")
    assert item.body_text == "Text."


def test_a_document_that_is_not_well_formed_is_read_with_a_warning() -> None:
    feed = parse(ITEM.replace("</contentSet></newsItem>", "").encode(), url="https://harbour.example/")

    assert "not well-formed" in feed.warnings[0]


@pytest.mark.parametrize(
    ("change", "pubstatus"),
    [
        pytest.param(("stat:usable", "stat:Cancelled"), "canceled", id="British spelling"),
        pytest.param(("stat:usable", "http://cv.iptc.org/newscodes/pubstatusg2/withheld"), "withheld", id="URI"),
        pytest.param(('<pubStatus qcode="stat:usable"/>', ""), "usable", id="absent"),
        pytest.param(("stat:usable", "stat:open"), "usable", id="unknown code"),
        pytest.param(('<pubStatus qcode="stat:usable"/>', '<signal qcode="edStat:D"/>'), "canceled", id="by a signal"),
    ],
)
def test_the_publication_status_is_read(change: tuple[str, str], pubstatus: str) -> None:
    assert item_in(ITEM.replace(*change)).pubstatus == pubstatus


def test_without_a_headline_the_title_or_the_start_of_the_text_is_used() -> None:
    bare = ITEM.replace("<headline>Ice</headline>", "<headline/>")

    assert item_in(bare).headline == "Text."
    assert item_in(bare.replace("<itemClass", "<title>Winter</title><itemClass")).headline == "Winter"
    assert item_in(bare.replace("<p>Text.", "<h1>Cold</h1><p>Text.")).headline == "Cold"


def test_a_package_without_metadata_is_no_item() -> None:
    body = f'<newsMessage><itemSet><packageItem><itemRef residref="1"/></packageItem>{ITEM}</itemSet></newsMessage>'

    assert item_in(body).guid == "urn:x:1"


def test_nitf_in_the_content_gives_the_text_and_fills_missing_fields() -> None:
    nitf = (
        "<nitf><body><body.head><hedline><hl1>Other</hl1></hedline><byline>By Bo Ray</byline></body.head>"
        "<body.content><block><p>One.</p><p>Two.</p></block></body.content></body></nitf>"
    )

    item = item_in(ITEM.replace("<html><body><p>Text.</p></body></html>", nitf))

    assert (item.headline, item.byline, item.body_text) == ("Ice", "Bo Ray", "One.\n\nTwo.")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        pytest.param(
            "<inlineData contenttype='text/plain'>One &lt; two.\nThree.</inlineData>", "One < two.\n\nThree.", id="text"
        ),
        pytest.param(
            "<inlineData>&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.</inlineData>", "One.\n\nTwo.", id="escaped markup"
        ),
        pytest.param("<inlineXML/><inlineXML><p>One.</p></inlineXML>", "One.", id="an empty one first"),
    ],
)
def test_content_is_read_in_other_forms(content: str, text: str) -> None:
    start, _, rest = ITEM.partition("<inlineXML>")

    assert item_in(start + content + rest.partition("</inlineXML>")[2]).body_text == text


def test_an_event_is_an_item_with_its_name_as_headline() -> None:
    body = (
        '<conceptItem guid="urn:x:2"><itemMeta><itemClass qcode="cinat:event"/></itemMeta><concept>'
        "<conceptId qcode='x:2'/><name>Ice Day</name><definition>All day.</definition></concept></conceptItem>"
    )

    item = item_in(body)

    assert (item.type, item.headline, item.description_text) == ("event", "Ice Day", "All day.")


@pytest.mark.parametrize("name", ["knowledgeItem", "planningItem"])
def test_other_item_types_are_read(name: str) -> None:
    assert item_in(ITEM.replace("newsItem", name)).guid == "urn:x:1"


def test_external_entities_are_not_loaded_and_stay_as_text() -> None:
    prologue = '<!DOCTYPE newsItem [<!ENTITY file SYSTEM "file:///etc/hostname"><!ENTITY word "told">]>'

    item = item_in(prologue + ITEM.replace("<headline>Ice", "<headline>&file;&word;"))

    assert item.headline == "&file;told"


def test_items_beyond_the_limit_are_left_out_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fields, "MAX_ENTRIES", 2)
    several = "".join(ITEM.replace("urn:x:1", f"urn:x:{number}") for number in range(4))

    feed = parse(f"<newsMessage><itemSet>{several}</itemSet></newsMessage>".encode(), url="https://harbour.example/")

    assert len(feed.entries) == 2
    assert "beyond 2" in feed.warnings[0]


def test_versions_of_an_item_are_all_kept_and_duplicates_once() -> None:
    several = ITEM + ITEM + ITEM.replace('version="2"', 'version="3"')

    versions = [item.version for item in items_in(f"<newsMessage><itemSet>{several}</itemSet></newsMessage>")]

    assert versions == ["2", "3"]


def test_a_document_that_cannot_be_recovered_raises_parse_error() -> None:
    with pytest.raises(ParseError, match="NewsML-G2"):
        parse(b"<newsMessage", url="https://harbour.example/")


@pytest.mark.parametrize(
    "embargoed", ["<embargoed/>", "<embargoed></embargoed>", "<embargoed> </embargoed>", "<embargoed>soon</embargoed>"]
)
def test_an_embargo_without_a_time_is_until_further_notice(embargoed: str) -> None:
    item = item_in(ITEM.replace("<pubStatus", f"{embargoed}<pubStatus"))

    assert (item.embargoed, item.signals) == (None, ("embargo",))


def test_an_empty_embargo_among_other_empty_elements_is_ignored() -> None:
    item = item_in(ITEM.replace("<pubStatus", "<embargoed></embargoed><edNote></edNote><pubStatus"))

    assert (item.embargoed, item.signals) == (None, ())
