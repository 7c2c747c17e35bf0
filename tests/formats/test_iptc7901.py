from datetime import UTC, datetime

import pytest

from ingestd.model.item import EdNote
from tests.formats.samples import WIRE, item_in, items_in

CREATED = datetime(2026, 3, 1, 11, 30, tzinfo=UTC)
MESSAGE = WIRE["iptc7901.txt"]
TEXT = "Port (hn) - The harbour is closed, the board said on Sunday, and it will stay so.\n\nThe ice is 12 cm thick."


def test_a_message_with_a_german_month_in_an_english_wire() -> None:
    item = item_in(MESSAGE)

    assert (item.guid, item.id_origin, item.version) == ("iptc7901:hna0075:2026-03-01", "derived", "2")
    assert (item.versioncreated, item.urgency, item.pubstatus) == (CREATED, 3, "usable")
    assert (item.headline, item.byline) == ("Ice closes the harbour", "Ada Ship, hn")
    assert (item.slugline, item.dateline, item.located) == ("weather/Germany/ice", "Port (hn)", "Port")
    assert item.body_text == TEXT
    assert item.extra == {"source": "hna", "number": "0075", "category": "i", "options": "hn 0103", "marks": "2ND LEAD"}


def test_notes_that_are_not_for_publication_are_not_public() -> None:
    assert item_in(MESSAGE).ednotes == (
        EdNote(text="Adds depth"),
        EdNote(text="Reporting by: Ada Ship, +49 30 555 0100", public=False),
    )


def test_a_message_without_control_characters_is_still_read() -> None:
    item = item_in(bytes(byte for byte in MESSAGE if byte >= 32 or byte in b"\t\r\n"))

    assert (item.guid, item.versioncreated) == ("iptc7901:hna0075:2026-03-01", CREATED)
    assert (item.headline, item.slugline, item.body_text) == ("Ice closes the harbour", "weather/Germany/ice", TEXT)


@pytest.mark.parametrize(
    ("footer", "when", "warned"),
    [
        pytest.param("011130 GMT Mar 26", CREATED, False, id="GMT"),
        pytest.param("011230 MEZ März 2026", CREATED, False, id="MEZ"),
        pytest.param("011130 mar 26", CREATED, True, id="no zone"),
        pytest.param("011130 GMT Foo 26", None, False, id="no month"),
        pytest.param("411130 GMT Mar 26", None, False, id="no day"),
    ],
)
def test_the_filing_time_is_read(footer: str, when: datetime | None, warned: bool) -> None:
    item = item_in(MESSAGE.replace("011130 GMT Mär 26".encode(), footer.encode()))

    assert item.versioncreated == when
    assert bool(item.warnings) is warned


def test_a_headline_continues_after_a_full_line() -> None:
    long = b"Ice closes the harbour and the ferries to all of the islands\r\nuntil the end of the week"

    item = item_in(MESSAGE.replace(b"Ice closes the harbour", long))

    assert item.headline == long.decode().replace("\r\n", " ")


def test_latin_1_is_read() -> None:
    item = item_in(MESSAGE.decode().replace("closed", "fermé").encode("latin-1"))

    assert item.body_text
    assert "The harbour is fermé" in item.body_text


def test_several_messages_are_read_and_a_kill_is_recognised() -> None:
    kill = MESSAGE.replace(b"2ND LEAD", b"KILL").replace(b"hna0075", b"hna0076")

    assert [item.pubstatus for item in items_in(MESSAGE + kill)] == ["usable", "canceled"]


def test_without_an_end_of_the_head_the_first_line_is_the_headline() -> None:
    item = item_in(MESSAGE.replace(b"2ND LEAD\r\n", b"").replace(b"By Ada Ship, hn =\r\n", b""))

    assert item.headline == "Ice closes the harbour"


def test_an_embargo_in_the_head_is_a_note_not_the_headline() -> None:
    limit = b"Sperrfrist: Montag, 2. M\xe4rz, 6.00 Uhr - auch f\xfcr elektronische Medien und Agenturen"
    item = item_in(
        MESSAGE.decode().encode("latin-1").replace(b"Ice closes the harbour", b"Ice closes the harbour\r\n" + limit)
    )

    assert item.headline == "Ice closes the harbour"
    assert item.ednotes[0].text.startswith("Sperrfrist: Montag, 2. März")
    assert item.signals == ("embargo",)
