from datetime import UTC, datetime

import pytest

from ingestd.formats.common import fields
from ingestd.formats.common import item_draft as drafts
from ingestd.formats.common.item_draft import ItemDraft, byline_of, entry_of, item_of
from ingestd.model.item import Author, Headline, Item

WHEN = datetime(2026, 3, 1, 11, 30, 15, tzinfo=UTC)


def test_the_first_non_empty_value_counts() -> None:
    draft = ItemDraft()
    for value in (None, "", "a", "b"):
        draft.fill("slugline", value)
        draft.fill_line("title", value)

    item = item_of(draft)

    assert (item.slugline, item.title) == ("a", "a")


@pytest.mark.parametrize(
    ("text", "when", "warned"),
    [
        pytest.param("2026-03-01T11:30:15Z", WHEN, False, id="ISO"),
        pytest.param("20260301T113015Z", WHEN, False, id="basic"),
        pytest.param("20260301T123015+0100", WHEN, False, id="offset without colon"),
        pytest.param("2026-03-01T12:30:15.000+01:00\n", WHEN, False, id="fraction, offset, line end"),
        pytest.param("20260301T113015", WHEN, True, id="no zone"),
        pytest.param("2026-03-01 11:30:15", WHEN, True, id="a space for the T"),
        pytest.param("1. März 2026 11:30:15", WHEN, True, id="German month"),
        pytest.param("Sun, 01 Mar 2026 12:30:15 CET", WHEN, False, id="e-mail format"),
        pytest.param("soon", None, True, id="not a time"),
        pytest.param("9999-12-31T23:59:59-23:00", None, True, id="out of range"),
    ],
)
def test_times_are_read_as_wires_write_them(text: str, when: datetime | None, warned: bool) -> None:
    draft = ItemDraft()
    draft.fill_time("versioncreated", text)

    item = item_of(draft)

    assert item.versioncreated == when
    assert bool(item.warnings) is warned


def test_a_list_is_limited_and_has_no_duplicates() -> None:
    draft = ItemDraft()
    for number in range(drafts.MAX_VALUES + 5):
        draft.add("keywords", str(number))
    draft.add("keywords", None)
    draft.add("keywords", "0")

    assert len(item_of(draft).keywords) == drafts.MAX_VALUES


def test_a_body_beyond_the_limit_is_left_out_with_a_warning() -> None:
    draft = ItemDraft()
    draft.fill_body("x" * (fields.MAX_BODY + 1), None)

    item = item_of(draft)

    assert item.body_html is None
    assert "left out" in item.warnings[0]


def test_the_headline_of_an_alert_is_cut_at_a_word() -> None:
    draft = ItemDraft()
    draft.fill_body(None, "word " * 100)

    headline = item_of(draft).headline

    assert headline
    assert headline.endswith(" word…")
    assert len(headline) <= 301


def test_the_main_headline_is_the_first_headline() -> None:
    draft = ItemDraft()
    draft.add("headlines", Headline(text="sub", role="sub"))
    draft.add("headlines", Headline(text="main", role="main"))
    draft.fill("headline", "main")

    assert [headline.text for headline in item_of(draft).headlines] == ["main", "sub"]


def test_an_identifier_that_is_too_long_is_replaced_by_its_hash() -> None:
    one, two = ItemDraft(), ItemDraft()
    for draft in (one, two):
        draft.fill("guid", "x" * 3000)

    assert item_of(one).guid == item_of(two).guid
    assert item_of(one).guid.startswith("sha256:")


@pytest.mark.parametrize(
    ("byline", "expected"),
    [
        ("By Ada Ship", "Ada Ship"),
        ("VON ADA SHIP", "ADA SHIP"),
        ("Byron Ship", "Byron Ship"),
        ("By", "By"),
        (None, None),
    ],
)
def test_by_is_removed_from_a_byline(byline: str | None, expected: str | None) -> None:
    assert byline_of(byline) == expected


def test_an_entry_is_filled_from_its_item() -> None:
    item = Item(
        guid="1", id_origin="derived", versioncreated=WHEN, headline="h", byline="Ada Ship and Bo Ray", body_html="<p>x"
    )

    entry = entry_of(item)

    assert (entry.guid, entry.id_origin, entry.headline, entry.body_html) == ("1", "derived", "h", "<p>x")
    assert (entry.published, entry.updated, entry.authors) == (WHEN, WHEN, ("Ada Ship and Bo Ray",))
    assert entry_of(Item(guid="1", authors=(Author(name="Ada"),))).authors == ("Ada",)
    assert entry_of(Item(guid="1", authors=(Author(name="HN"),), byline="Ada")).authors == ("Ada",)
    assert entry.item is item
