"""Items whose text is by reference: which version is fetched, and what the text adds to the item."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ingestd.model.feed import Entry
from ingestd.model.item import EdNote, Item, Rendition
from ingestd.model.text_references import is_by_reference, text_addresses, text_references
from ingestd.policy.wire.text_references import newest_by_reference, with_text_of

HREF = "https://api.example/7.nitf"


def entry(guid: str, minute: int, *, payload: str | None = HREF, version: str | None = None) -> Entry:
    item = Item(guid=guid, type="text", version=version or str(minute))
    when = datetime(2026, 3, 1, 11, minute, tzinfo=UTC)
    return Entry(guid=guid, updated=when, payload=payload, item=item, wire="ap-media")


A1, A2, A3, B1 = entry("a", 1), entry("a", 2), entry("a", 3), entry("b", 1)
KILL2, KILL3 = entry("a", 2, payload=None), entry("a", 3, payload=None)


@pytest.mark.parametrize(
    ("listed", "kept"),
    [
        pytest.param([], [], id="none"),
        pytest.param([A1, B1], [A1, B1], id="different items"),
        pytest.param([A1, A2], [A2], id="oldest first"),
        pytest.param([A3, A1, A2], [A3], id="newest first"),
        pytest.param([A1, KILL2], [KILL2], id="killed"),
        pytest.param([KILL3, A1, A2], [KILL3], id="killed, newest first"),
        pytest.param([A1, KILL2, A3], [A3, KILL2], id="newer than the kill"),
        pytest.param([KILL2, A3, B1], [A3, KILL2, B1], id="a kill and a newer one"),
        pytest.param([KILL2, KILL3], [KILL2, KILL3], id="all with their text"),
        pytest.param([replace(A1, wire=None), A2], [replace(A1, wire=None), A2], id="a page of that guid"),
    ],
)
def test_the_newest_version_of_a_guid_is_fetched(listed: list[Entry], kept: list[Entry]) -> None:
    found = newest_by_reference(listed)

    assert sorted(map(repr, found)) == sorted(map(repr, kept))
    assert [one.guid for one in found] == [one.guid for one in kept]
    if any(map(is_by_reference, found)):
        assert is_by_reference(next(one for one in found if one.guid == "a" or len(found) == 1))


def renditions(**hrefs: str) -> tuple[Rendition, ...]:
    return tuple(Rendition(name=name, href=href) for name, href in hrefs.items())


@pytest.mark.parametrize(
    ("item", "references"),
    [
        (Item(guid="1", type="text", renditions=renditions(nitf="/n", anpa="/a")), ("/n", "/a")),
        (Item(guid="1", type="text", renditions=renditions(anpa="/a", nitf="/n")), ("/n", "/a")),
        (Item(guid="1", renditions=renditions(NITF="/n")), ("/n",)),
        (Item(guid="1", type="text", renditions=renditions(main="/m")), ()),
        (Item(guid="1", type="picture", renditions=renditions(nitf="/n")), ()),
        (Item(guid="1", type="text", pubstatus="canceled", renditions=renditions(nitf="/n")), ()),
        (Item(guid="1", type="text", body_text="Text.", renditions=renditions(nitf="/n")), ()),
        (Item(guid="1", type="text", pubstatus="withheld", renditions=renditions(nitf="/n")), ("/n",)),
    ],
)
def test_the_text_of_an_item_is_its_best_text_rendition(item: Item, references: tuple[str, ...]) -> None:
    assert text_references(item) == references


def test_the_addresses_resolve_and_are_not_repeated() -> None:
    item = Item(guid="1", renditions=renditions(nitf="/7.nitf", anpa="/7.txt"))
    listed = Entry(guid="1", payload=HREF, item=item, wire="ap-media")

    assert text_addresses(listed) == (HREF, "https://api.example/7.txt")


@pytest.mark.parametrize("reference", ["http://[x", "ftp://api.example/7", "mailto:desk@api.example", "http://h:x/7"])
def test_an_address_that_is_no_http_url_is_left_out(reference: str) -> None:
    item = Item(guid="1", renditions=renditions(nitf=reference, anpa="/7.txt"))
    listed = Entry(guid="1", payload="https://api.example/7.txt", item=item, wire="ap-media")

    assert text_addresses(listed) == ("https://api.example/7.txt",)


ITEM = Item(guid="1", headline="Own", byline="Ada Ship", signals=("writethru",))
TEXT = Item(guid="other", headline="Its", dateline="PORT", body_text="Text.", body_html="<p>Text.</p>")


@pytest.mark.parametrize(
    ("item", "text", "expected"),
    [
        pytest.param(ITEM, TEXT, {"headline": "Own", "dateline": "PORT", "guid": "1"}, id="the list's fields count"),
        pytest.param(replace(ITEM, headline=None), TEXT, {"headline": "Its"}, id="what it leaves out is filled"),
        pytest.param(ITEM, replace(TEXT, byline="Bo"), {"byline": "Ada Ship"}, id="byline"),
        pytest.param(ITEM, replace(TEXT, pubstatus="withheld"), {"pubstatus": "withheld"}, id="held by the text"),
        pytest.param(replace(ITEM, pubstatus="withheld"), TEXT, {"pubstatus": "withheld"}, id="held by the list"),
        pytest.param(ITEM, replace(TEXT, pubstatus="canceled"), {"pubstatus": "canceled"}, id="killed by the text"),
        pytest.param(
            ITEM, replace(TEXT, signals=("embargo", "writethru")), {"signals": ("writethru", "embargo")}, id="signals"
        ),
        pytest.param(ITEM, replace(TEXT, ednotes=(EdNote(text="x"),)), {"ednotes": (EdNote(text="x"),)}, id="notes"),
    ],
)
def test_an_item_takes_its_text_and_what_it_does_not_say(item: Item, text: Item, expected: dict[str, object]) -> None:
    found = with_text_of(item, text)

    assert (found.body_text, found.body_html) == ("Text.", "<p>Text.</p>")
    assert {name: getattr(found, name) for name in expected} == expected
