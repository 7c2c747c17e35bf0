"""NITF and NewsML-G2 that we write, as our own parsers read them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestd.formats import parse
from ingestd.model.item import Association, Author, Concept, EdNote, Headline, Item, Rendition, Series
from ingestd.renderers import RENDERERS, newsml_g2, nitf
from ingestd.renderers.renderer import Renderer
from tests.formats.samples import WIRE, items_in

#: Fields that each format has a place for, besides concepts and media.
COMMON = (
    "pubstatus", "embargoed", "expires", "headline", "description_text", "byline", "dateline", "language",
    "slugline", "keywords", "urgency", "copyrightholder", "copyrightnotice", "usageterms",
)  # fmt: skip
FIELDS = {"nitf": COMMON, "newsml-g2": (*COMMON, "firstcreated", "source", "creditline")}
XML = [pytest.param(one, id=one.name) for one in (nitf.RENDERER, newsml_g2.RENDERER)]
CREATED = datetime(2026, 3, 1, 11, 30, 15, tzinfo=UTC)


def read_back(renderer: Renderer, item: Item) -> Item:
    (entry,) = parse(renderer.render(item), url="https://harbour.example/").entries
    assert entry.item
    assert entry.wire == renderer.name
    return entry.item


def test_the_commands_know_both() -> None:
    assert [renderer.name for renderer in RENDERERS] == ["ninjs", "nitf", "newsml-g2"]


@pytest.mark.parametrize("renderer", XML)
@pytest.mark.parametrize("name", WIRE)
def test_items_of_all_formats_are_read_back(name: str, renderer: Renderer) -> None:
    for item in items_in(WIRE[name]):
        back = read_back(renderer, item)

        for field in FIELDS[renderer.name]:
            assert getattr(back, field) == getattr(item, field), field
        if item.body_text:  # of HTML sent as text, only the HTML
            assert (back.body_text or "").split() == item.body_text.split()
        assert back.versioncreated == (item.versioncreated or back.versioncreated)
        for field in ("subject", "person", "organisation"):
            assert _concepts(renderer, back, field) == _concepts(renderer, item, field)


def _concepts(renderer: Renderer, item: Item, field: str) -> list[str | None]:
    """Return what identifies the concepts of an item; NITF has no place for URIs."""
    with_uri = renderer.name != "nitf"
    return [(one.uri if with_uri else None) or one.name or one.code for one in getattr(item, field)]


@pytest.mark.parametrize("renderer", XML)
def test_private_notes_are_never_rendered(renderer: Renderer) -> None:
    for name in ("newsml_g2.xml", "digitalwires.json", "iptc7901.txt"):
        assert b"555 0100" in WIRE[name]
        assert b"555 0100" not in b"".join(renderer.render(item) for item in items_in(WIRE[name]))


ITEM = Item(
    guid="urn:hn:7",
    version="3",
    versioncreated=CREATED,
    type="text",
    headline="Ice",
    headlines=(Headline(text="Ice"),),
    body_text="One two.\n\nThe word\n\n\tfrost\n\nA said:\n\nB",
    body_html=(
        '<p>One <a href="https://x.example/?a=1&amp;b=2">two</a>.</p><h2>The word</h2><script>alert(1)</script>'
        "<blockquote>A <strong>said</strong>:</blockquote><ul><li>first</li><li>second</li></ul>"
        "<table><tr><td>a</td><td>b</td></tr></table>loose <b>text</b>"
    ),
    byline="Ada Ship and Bo Quay",
    authors=(Author(name="Ada Ship"), Author(name="Bo Quay")),
    subject=(
        Concept(
            code="20000538", scheme="medtop", uri="http://cv.iptc.org/newscodes/mediatopic/20000538", name="accident"
        ),
        Concept(code="42", scheme="hn", uri="https://hn.example/subjects/42", name="Ice"),
        Concept(name="winter"),
    ),
    ednotes=(EdNote(text="Moves on Monday"), EdNote(text="Call 555 0100", public=False)),
    series=Series(name="Winter", part=2, total=3),
    associations=(
        Association(
            type="picture", caption="Ice in <the> harbour", byline="Cy Lens",
            renditions=(Rendition(href="https://hn.example/ice.jpg", contenttype="image/jpeg", width=800, height=600),),
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize("renderer", XML)
def test_a_body_keeps_its_blocks_links_and_pictures(renderer: Renderer) -> None:
    back = read_back(renderer, ITEM)

    assert back.body_html == (
        '<p>One <a href="https://x.example/?a=1&amp;b=2">two</a>.</p><h2>The word</h2>'
        "<blockquote><p>A <em>said</em>:</p></blockquote><ul><li>first</li><li>second</li></ul>"
        "<table><tr><td>a</td><td>b</td></tr></table><p>loose <em>text</em></p>"
    )
    assert [(one.type, one.caption, one.byline, one.renditions) for one in back.associations] == [
        (one.type, one.caption, one.byline, one.renditions) for one in ITEM.associations
    ]
    assert [note.text for note in back.ednotes] == ["Moves on Monday"]
    assert (back.guid, back.version, back.versioncreated) == (ITEM.guid, "3", CREATED)
    assert [one.name for one in back.subject] == ["accident", "Ice", "winter"]


def test_codes_of_other_vocabularies_resolve_by_the_catalogue_of_the_item() -> None:
    back = read_back(newsml_g2.RENDERER, ITEM)

    assert [(one.scheme, one.uri) for one in back.subject[:2]] == [(one.scheme, one.uri) for one in ITEM.subject[:2]]


@pytest.mark.parametrize("renderer", XML)
@pytest.mark.parametrize("status", ["canceled", "withheld"])
def test_a_kill_without_content_is_read_back_as_one(status: str, renderer: Renderer) -> None:
    back = read_back(renderer, Item(guid="urn:hn:7", pubstatus=status, versioncreated=CREATED))  # type: ignore[arg-type]

    assert (back.guid, back.pubstatus, back.headline, back.body_text) == ("urn:hn:7", status, None, None)


ANY_TEXT = st.text(st.characters(), max_size=30)


@settings(max_examples=200)
@given(text=ANY_TEXT, other=ANY_TEXT)
def test_hostile_text_is_one_line_that_can_be_parsed(text: str, other: str) -> None:
    item = replace(
        ITEM, headline=text, headlines=(), body_html=other, byline=text, dateline=text, located=other, slugline=other,
        language=text, version=other, keywords=(text,), subject=(Concept(code=text, scheme=other, uri=text),),
        associations=(Association(caption=text, renditions=(Rendition(href=other),)),),
    )  # fmt: skip

    for renderer in (nitf.RENDERER, newsml_g2.RENDERER):
        line = renderer.render(item)
        assert b"\n" not in line
        assert parse(line, url="https://harbour.example/").warnings == ()
