import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.dates.stated_time import DatePrecision
from ingestd.formats import parse
from ingestd.model.article import Article, Image
from ingestd.model.item import AltId, Association, Author, Concept, EdNote, Headline, Item, Link, Rendition, Series
from ingestd.model.record import Record
from ingestd.renderers.ninjs import as_ninjs, render
from ingestd.renderers.record_items import item_of_record
from tests.formats.samples import WIRE, items_in

QUICK = settings(max_examples=200)

#: Property of ninjs 3.1 (ninjs-schema_3.1.json) → its type, its values, or for a list the keys of the objects in it.
CONCEPT = {"name", "rel", "uri", "literal"}
RENDITION = {"name", "href", "contentType", "width", "height", "sizeInBytes", "duration"}
TEXT = {"role", "contentType", "value"}
SCHEMA: dict[str, Any] = {
    **dict.fromkeys(
        (
            "uri", "version", "firstCreated", "versionCreated", "embargoedUntil", "expires", "copyrightHolder",
            "copyrightNotice", "usageTerms", "edNote", "language", "title", "by", "slugline", "located",
        ),
        str,
    ),
    "type": {"text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"},
    "pubStatus": {"usable", "withheld", "canceled"},
    "urgency": int,
    "standard": dict,
    "headlines": TEXT, "descriptions": TEXT, "bodies": TEXT, "subjects": CONCEPT, "places": CONCEPT, "people": CONCEPT,
    "organisations": CONCEPT, "events": CONCEPT, "genres": CONCEPT - {"rel"},
    "infoSources": CONCEPT - {"rel"} | {"role"},
    "altIds": {"role", "value"}, "renditions": RENDITION,
    "associations": {
        "name", "uri", "version", "type", "rel", "by", "usageTerms", "headlines", "descriptions", "renditions"
    },
}  # fmt: skip
REQUIRED = {"renditions": {"name"}, "associations": {"name", "uri"}, "headlines": {"value"}, "bodies": {"value"}}


def check_valid(item: dict[str, Any]) -> None:
    """Check a rendered item against IPTC's schema."""
    assert isinstance(item["uri"], str)
    for name, value in item.items():
        rule = SCHEMA[name]
        if isinstance(rule, type):
            assert isinstance(value, rule)
        elif isinstance(value, str):
            assert value in rule
        else:
            for one in value:
                assert REQUIRED.get(name, set()) <= one.keys() <= rule
                check_valid_parts(one)
    assert 1 <= item.get("urgency", 1) <= 9


def check_valid_parts(one: dict[str, Any]) -> None:
    for key, value in one.items():
        if key in ("width", "height", "sizeInBytes"):
            assert isinstance(value, int)
        elif key == "duration":
            assert isinstance(value, float | int)
        elif isinstance(value, list):
            assert all(REQUIRED.get(key, set()) <= part.keys() <= SCHEMA[key] for part in value)
        else:
            assert isinstance(value, str)


def read_back(item: Item) -> Item:
    (entry,) = parse(render(item), url="https://harbour.example/").entries
    assert entry.item
    return replace(entry.item, warnings=())


@pytest.mark.parametrize("name", WIRE)
def test_items_of_all_formats_are_read_back_unchanged_except_private_notes(name: str) -> None:
    for item in items_in(WIRE[name]):
        public = tuple(note for note in item.ednotes if note.public)

        assert read_back(item) == replace(item, ednotes=public, warnings=())


@pytest.mark.parametrize("precision", ["day", "assumed_zone"])
def test_the_precision_of_times_is_read_back(precision: DatePrecision) -> None:
    when = datetime(2026, 3, 1, tzinfo=UTC)
    item = Item(guid="urn:a:1", versioncreated=when, versioncreated_precision=precision, firstcreated=when)

    back = read_back(item)

    assert (back.versioncreated_precision, back.firstcreated_precision) == (precision, None)


@pytest.mark.parametrize("name", WIRE)
def test_rendered_items_are_valid_ninjs(name: str) -> None:
    for item in items_in(WIRE[name]):
        check_valid(as_ninjs(item))


def test_private_notes_are_never_rendered() -> None:
    for name in ("newsml_g2.xml", "digitalwires.json", "iptc7901.txt"):
        written = b"".join(render(item) for item in items_in(WIRE[name]))

        assert b"555 0100" in WIRE[name]
        assert b"555 0100" not in written


def test_standard_properties_are_filled() -> None:
    _, item, _ = items_in(WIRE["newsml_g2.xml"])

    written = as_ninjs(item)

    assert written["standard"]["version"] == "3.1"
    assert (written["uri"], written["version"], written["pubStatus"]) == (item.guid, "3", "usable")
    assert (written["versionCreated"], written["embargoedUntil"]) == ("2026-03-01T11:30:15Z", "2026-03-02T05:00:00Z")
    assert written["headlines"][0] == {"role": "hl:main", "value": item.headline}
    assert written["subjects"][0]["uri"] == "http://cv.iptc.org/newscodes/mediatopic/20000538"
    assert [body["contentType"] for body in written["bodies"]] == ["text/html", "text/plain"]


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=12)
MAYBE = st.none() | WORDS
CONCEPTS = st.lists(
    st.builds(Concept, code=WORDS, scheme=MAYBE, uri=WORDS.map("https://x.example/{}".format), name=MAYBE, rel=MAYBE),
    max_size=3,
    unique=True,
).map(tuple)
TIMES = st.none() | st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
ITEMS = st.builds(
    Item,
    guid=WORDS,
    id_origin=st.sampled_from(("source", "composed", "derived", "hash")),
    version=MAYBE,
    versioncreated=TIMES,
    firstcreated=TIMES,
    embargoed=TIMES,
    expires=TIMES,
    type=MAYBE,
    title=MAYBE,
    description_text=MAYBE,
    located=MAYBE,
    slugline=MAYBE,
    keywords=st.lists(WORDS, max_size=3, unique=True).map(tuple),
    urgency=st.none() | st.integers(0, 99),
    priority=st.none() | st.integers(0, 99),
    person=CONCEPTS,
    place=CONCEPTS,
    genre=CONCEPTS,
    creditline=MAYBE,
    source=MAYBE,
    copyrightholder=MAYBE,
    usageterms=MAYBE,
    authors=st.lists(st.builds(Author, name=WORDS, role=MAYBE), max_size=2).map(tuple),
    ednotes=st.lists(st.builds(EdNote, text=WORDS, role=MAYBE), max_size=2).map(tuple),
    altids=st.lists(st.builds(AltId, value=WORDS, role=MAYBE), max_size=2).map(tuple),
    links=st.lists(st.builds(Link, guid=WORDS, version=MAYBE, rel=MAYBE, title=MAYBE), max_size=2).map(tuple),
    renditions=st.lists(
        st.builds(Rendition, href=WORDS, name=MAYBE, width=st.none() | st.integers(0, 9999)), max_size=2
    ).map(tuple),
    associations=st.lists(st.builds(Association, name=MAYBE, guid=WORDS, caption=MAYBE), max_size=2).map(tuple),
    series=st.none() | st.builds(Series, name=WORDS, part=st.none() | st.integers(1, 9)),
    extra=st.dictionaries(WORDS, WORDS, max_size=2),
)


@QUICK
@given(item=ITEMS)
def test_any_item_is_read_back_unchanged(item: Item) -> None:
    # With a headline, because the formats fill a missing one from the title; they also derive signals from the texts.
    item = replace(item, headline="h", headlines=(Headline(text="h"),), keywords=item.keywords)

    back = read_back(item)

    assert replace(back, signals=(), is_correction=False) == item


def test_a_record_of_a_web_page_is_rendered() -> None:
    article = Article(
        headline="Ice",
        body_text="One.\n\nTwo.",
        body_html="<p>One.</p><p>Two.</p>",
        byline="Ada Ship",
        authors=("Ada Ship",),
        versioncreated=datetime(2026, 3, 1, tzinfo=UTC),
        source="Harbour News",
        associations=(Image(href="https://harbour.example/8.jpg", caption="The ice", credit="HN"),),
    )
    record = Record(
        id=1,
        guid="urn:uuid:1",
        revision=2,
        pubstatus="usable",
        article=article,
        content_hash="",
        seen_at=datetime(2026, 3, 2, tzinfo=UTC),
    )

    item = item_of_record(record)

    check_valid(as_ninjs(item))
    assert read_back(item) == item
    assert json.loads(render(item))["version"] == "2"


def test_a_wire_item_that_was_killed_here_is_read_back_as_killed() -> None:
    record = Record(
        id=1,
        guid="urn:hn:1",
        revision=1,
        pubstatus="canceled",
        article=Article(headline="Ice", body_text="One."),
        content_hash="",
        seen_at=datetime(2026, 3, 2, tzinfo=UTC),
        id_origin="source",
        item=Item(guid="urn:hn:1", pubstatus_raw="stat:usable"),
    )

    assert read_back(item_of_record(record)).pubstatus == "canceled"
