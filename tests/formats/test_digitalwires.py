import json

import pytest

from ingestd.model.item import Association, Author, Concept, EdNote, Headline, Rendition
from tests.formats.samples import CREATED, RELEASED, WIRE, item_in


def test_all_fields_of_an_entry_are_read() -> None:
    item = item_in(WIRE["digitalwires.json"])

    assert (item.guid, item.version, item.pubstatus) == ("urn:newsml:harbour.example:20260301:7", "3", "usable")
    assert (item.versioncreated, item.embargoed) == (CREATED, RELEASED)
    assert (item.is_correction, item.signals) == (True, ("sig:correction", "embargo"))
    assert item.headlines[1] == Headline(text="Wetter", role="kicker")
    assert (item.headline, item.description_text) == ("Eis schließt den Hafen", "Boote bleiben drin.")
    assert (item.byline, item.authors) == ("Ada Ship, hn", (Author(name="ship.ada"),))
    assert (item.dateline, item.keywords, item.language, item.urgency) == ("Hafen (hn)", ("Eis",), "de", 3)
    assert item.body_html == '<section class="main"><p>Der Hafen ist zu.</p><p>Das Eis wächst.</p></section>'
    assert item.provider == Concept(code="hn", scheme="hnprov", name="hn", rel="provider")
    assert item.place == (Concept(code="3", scheme="hnarea", name="Hafen", rel="geosubject"),)
    assert [one.rel for one in item.subject] == ["wire", "dpasubject", "genre", "provider"]
    assert item.subject[1].uri == "http://cv.iptc.org/newscodes/mediatopic/20000538"
    assert item.associations == (
        Association(
            name="featureimage",
            guid="urn:newsml:harbour.example:20260301:8",
            version="1",
            type="picture",
            headline="Das Eis",
            caption="Eis & Boote",
            creditline="HN/Ray",
            renditions=(
                Rendition(href="https://harbour.example/8.jpg", contenttype="image/jpeg", width=800, height=600),
            ),
        ),
    )


def test_contacts_are_not_public() -> None:
    assert item_in(WIRE["digitalwires.json"]).ednotes == (
        EdNote(text="Sperrfrist 2. März 6.00 Uhr", role="role:embargo"),
        EdNote(text="Ada Ship, +49 30 555 0100", role="role:contacts", public=False),
    )


@pytest.mark.parametrize(
    "wrap", [lambda one: [one], lambda one: {"entries": [one, {"urn": 5}, None]}], ids=["list", "api"]
)
def test_lists_of_entries_are_read(wrap: object) -> None:
    entry = json.loads(WIRE["digitalwires.json"])

    assert item_in(json.dumps(wrap(entry))).version == "3"  # type: ignore[operator]


@pytest.mark.parametrize(("embargoed", "signals"), [("", ("embargo",)), (None, ())], ids=["empty", "null"])
def test_an_embargo_without_a_time_is_until_further_notice(embargoed: str | None, signals: tuple[str, ...]) -> None:
    entry = json.loads(WIRE["digitalwires.json"]) | {"embargoed": embargoed, "ednotes": [], "signal": None}

    assert item_in(json.dumps(entry)).signals == signals
