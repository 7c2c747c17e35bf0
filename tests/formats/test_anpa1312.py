from datetime import UTC, datetime

import pytest

from ingestd.model.item import Concept, EdNote
from tests.formats.samples import WIRE, item_in, items_in

CREATED = datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
STORY = WIRE["anpa1312.txt"]


def test_all_fields_of_a_story_are_read() -> None:
    item = item_in(STORY)

    assert (item.guid, item.id_origin) == ("anpa1312:BC-DE--Harbour Ice:2026-03-01", "derived")
    assert (item.version, item.versioncreated, item.pubstatus) == ("2", CREATED, "usable")
    assert (item.headline, item.slugline) == ("Ice closes the harbour", "BC-DE--Harbour Ice, 2nd Ld-Writethru")
    assert (item.byline, item.dateline, item.located) == ("ADA SHIP", "PORT, Germany (HN)", "PORT, Germany")
    assert (item.signals, item.ednotes) == (("writethru",), (EdNote(text="Eds: With photo."),))
    assert item.subject == (Concept(code="i", scheme="a1312cat", uri="http://cvx.iptc.org/anpa1312-category/i"),)
    assert (item.extra["service"], item.extra["number"], item.extra["selector"]) == ("W", "2870", "asian")


def test_indented_lines_begin_paragraphs_and_rows_form_a_table() -> None:
    item = item_in(STORY)

    assert item.body_html == (
        "<p>PORT, Germany (HN) — The board said: “The harbour is closed.”</p>"
        "<p>The ice is 12 cm thick, and it will grow for another week or so, as far as anybody knows.</p>"
        "<h2>Depths</h2><table><tr><td>Port</td><td>12</td><td>cm</td></tr></table>"
    )


def test_a_story_without_control_characters_is_still_read() -> None:
    stripped = bytes(byte for byte in STORY if byte >= 32 or byte in b"\t\r\n")

    item, whole = item_in(stripped), item_in(STORY)

    assert (item.guid, item.headline, item.slugline) == (whole.guid, whole.headline, whole.slugline)
    assert (item.versioncreated, item.byline) == (CREATED, "ADA SHIP")
    assert item.body_text
    assert item.body_text.startswith("PORT, Germany (HN) — The board said:")
    assert "AP-WF" not in item.body_text


def test_if_no_line_is_indented_each_line_is_a_paragraph() -> None:
    body = (
        b"\x16\x16\x01V4644\x1f-----\r\nr e\x13\x11 HN-Top-News     03-01 0049\r\n\x02*9006< ^HN-Top-News,49<\r\n"
        b"^Top news at 11 a.m.<\r\n^Ice closes the harbour\r\n^Ferries stay in\r\n\x03AP-WF-03-01-26 1130GMT<\r\n\x04"
    )

    item = item_in(body)

    assert (item.slugline, item.headline) == ("HN-Top-News", "Top news at 11 a.m.")
    assert item.body_text == "Ice closes the harbour\n\nFerries stay in"


@pytest.mark.parametrize(
    ("change", "pubstatus"),
    [
        pytest.param((b"^Ice closes", b"^BULLETIN KILL Ice closes"), "canceled", id="a kill"),
        pytest.param((b"^Eds: With photo.", b"^Editors: story kill, it is untrue"), "canceled", id="a note"),
        pytest.param((b"^Ice closes", b"^Kill Bill closes"), "usable", id="a film"),
    ],
)
def test_a_kill_is_recognised_in_the_head(change: tuple[bytes, bytes], pubstatus: str) -> None:
    assert item_in(STORY.replace(*change)).pubstatus == pubstatus


def test_several_stories_are_several_entries() -> None:
    other = STORY.replace(b"Harbour Ice", b"Ferry")

    assert [item.guid for item in items_in(STORY + other)] == [
        "anpa1312:BC-DE--Harbour Ice:2026-03-01",
        "anpa1312:BC-DE--Ferry:2026-03-01",
    ]


def test_an_invalid_time_is_none() -> None:
    item = item_in(STORY.replace(b"03-01-26 1130GMT", b"13-41-26 1130GMT"))

    assert item.versioncreated is None
    assert item.guid == "anpa1312:BC-DE--Harbour Ice:03-01"


def test_an_embargo_in_the_head_is_a_note_not_the_headline() -> None:
    item = item_in(STORY.replace(b"^Ice closes", b"^EMBARGOED UNTIL 0001 GMT MONDAY<\r\n^Ice closes"))

    assert item.headline == "Ice closes the harbour"
    assert item.ednotes[0] == EdNote(text="EMBARGOED UNTIL 0001 GMT MONDAY")
    assert "embargo" in item.signals
