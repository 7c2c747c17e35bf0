import json
from datetime import UTC, datetime

import pytest

from ingestd.model.item import AltId, Association, Author, Concept, EdNote, Headline, Item, Link, Rendition, Series
from ingestd.model.item_json import item_as_json, item_from_json, without_body

WHEN = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)

WHOLE = Item(
    guid="urn:newsml:harbour.example:20260301:1",
    id_origin="composed",
    version="3",
    versioncreated=WHEN,
    firstcreated=WHEN,
    type="text",
    pubstatus="withheld",
    pubstatus_raw="stat:withheld",
    is_correction=True,
    signals=("sig:correction",),
    embargoed=WHEN,
    expires=WHEN,
    headline="Harbour closed",
    headlines=(Headline(text="Harbour closed", role="main"),),
    title="harbour",
    description_text="Ice.",
    body_text="Ice.\n\nMore ice.",
    body_html="<p>Ice.</p><p>More ice.</p>",
    byline="Ada Ship",
    authors=(Author(name="Ada Ship", role="writer", uri="https://harbour.example/ada"),),
    dateline="PORT (HN)",
    located="Port",
    slugline="Harbour/Ice",
    keywords=("ice",),
    language="en-GB",
    urgency=3,
    priority=4,
    subject=(Concept(code="20000538", scheme="medtop", uri="http://cv.iptc.org/newscodes/mediatopic/20000538"),),
    genre=(Concept(name="Current"),),
    place=(Concept(name="Port", rel="located"),),
    person=(Concept(name="Ada Ship"),),
    organisation=(Concept(name="Harbour Board"),),
    event=(Concept(name="Ice Day"),),
    provider=Concept(code="HN", scheme="nprov"),
    source="Harbour News",
    creditline="HN",
    copyrightholder="HN",
    copyrightnotice="(c) HN",
    usageterms="none",
    ednotes=(EdNote(text="Call 555", role="contact", public=False),),
    associations=(Association(name="main", guid="p1", renditions=(Rendition(href="a.jpg", width=10, duration=1.5),)),),
    renditions=(Rendition(href="b.jpg"),),
    altids=(AltId(value="77", role="number"),),
    links=(Link(guid="x", rel="seeAlso"),),
    series=Series(name="Ice", part=1, total=3),
    warnings=("odd",),
    extra={"desk": "in"},
)


@pytest.mark.parametrize("item", [WHOLE, Item(guid="1")], ids=["all fields", "only the guid"])
def test_an_item_survives_a_json_round_trip(item: Item) -> None:
    assert item_from_json(json.loads(json.dumps(item_as_json(item)))) == item


def test_fields_with_default_values_are_left_out() -> None:
    assert item_as_json(Item(guid="1")) == {"guid": "1"}


def test_a_body_can_be_left_out() -> None:
    assert without_body(WHOLE).body_text is without_body(WHOLE).body_html is None
