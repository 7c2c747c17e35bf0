from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.model.item import EdNote, Item
from ingestd.policy.wire.embargo import Embargo, embargo_of

MADE = datetime(2026, 6, 2, 10, tzinfo=UTC)
LATER = datetime(2026, 6, 3, 5, tzinfo=UTC)
EARLIER = datetime(2026, 6, 1, 5, tzinfo=UTC)
#: 18 o'clock in Berlin.
EVENING = datetime(2026, 6, 2, 16, tzinfo=UTC)
NOTE = "Sperrfrist: 18 Uhr"


def item(**fields: Any) -> Item:
    notes = tuple(EdNote(text=note) if isinstance(note, str) else note for note in fields.pop("ednotes", ()))
    return Item(**({"guid": "urn:x:1", "versioncreated": MADE, "language": "de", "ednotes": notes} | fields))


@pytest.mark.parametrize(
    ("fields", "embargo"),
    [
        pytest.param({"embargoed": LATER}, Embargo(until=LATER, reason="embargoed"), id="coded"),
        pytest.param({"embargoed": EARLIER}, Embargo(until=EARLIER, reason="embargoed"), id="coded and past"),
        pytest.param(
            {"embargoed": LATER, "ednotes": (NOTE,)}, Embargo(until=LATER, reason="embargoed"), id="before prose"
        ),
        pytest.param({"pubstatus": "withheld"}, Embargo(until=None, reason="pubstatus withheld"), id="withheld"),
        pytest.param(
            {"pubstatus": "withheld", "embargoed": LATER}, Embargo(until=LATER, reason="pubstatus withheld"), id="until"
        ),
        pytest.param(
            {"pubstatus": "withheld", "embargoed": EARLIER},
            Embargo(until=None, reason="pubstatus withheld"),
            id="withheld after its embargo",
        ),
        pytest.param(
            {"pubstatus": "withheld", "embargoed": MADE},
            Embargo(until=None, reason="pubstatus withheld"),
            id="at its end",
        ),
        pytest.param(
            {"pubstatus": "withheld", "ednotes": (NOTE,)},
            Embargo(until=EVENING, reason="pubstatus withheld"),
            id="withheld until a time in prose",
        ),
        pytest.param({"signals": ("embargo",)}, Embargo(until=None, reason="signal embargo"), id="signal"),
        pytest.param({"signals": ("sig:embargo",)}, Embargo(until=None, reason="signal sig:embargo"), id="with scheme"),
        pytest.param({"ednotes": (NOTE,)}, Embargo(until=EVENING, reason=f'says "{NOTE}"'), id="note"),
        pytest.param(
            {"ednotes": ("Der Text hat eine Sperrfrist bis 18 Uhr",)},
            Embargo(until=EVENING, reason='says "Sperrfrist bis 18 Uhr"'),
            id="anywhere in a note",
        ),
        pytest.param(
            {"ednotes": (EdNote(text="Gültig ab 18 Uhr", role="role:embargotext"),)},
            Embargo(until=EVENING, reason='says "Gültig ab 18 Uhr"'),
            id="by a note's role",
        ),
        pytest.param(
            {"ednotes": ("EMBARGOED UNTIL FURTHER NOTICE",)},
            Embargo(until=None, reason='says "EMBARGOED UNTIL FURTHER NOTICE"'),
            id="no time",
        ),
        pytest.param(
            {"headline": f"Eis im Hafen ({NOTE})"}, Embargo(until=EVENING, reason=f'says "{NOTE})"'), id="headline"
        ),
        pytest.param({"slugline": NOTE}, Embargo(until=EVENING, reason=f'says "{NOTE}"'), id="slugline"),
        pytest.param({"title": NOTE}, Embargo(until=EVENING, reason=f'says "{NOTE}"'), id="title"),
        pytest.param({"extra": {"marks": NOTE}}, Embargo(until=EVENING, reason=f'says "{NOTE}"'), id="head"),
        pytest.param(
            {"body_text": f"Eis\n\n{NOTE}\n\nText"}, Embargo(until=EVENING, reason=f'says "{NOTE}"'), id="text"
        ),
        pytest.param(
            {"body_html": f"<p>Eis</p><p>{NOTE}</p><p>Text</p>"},
            Embargo(until=EVENING, reason=f'says "{NOTE}"'),
            id="markup",
        ),
        pytest.param(
            {"versioncreated": None, "firstcreated": MADE, "ednotes": (NOTE,)},
            Embargo(until=EVENING, reason=f'says "{NOTE}"'),
            id="after its creation",
        ),
        pytest.param(
            {"versioncreated": None, "ednotes": (NOTE,)},
            Embargo(until=None, reason=f'says "{NOTE}"'),
            id="after nothing",
        ),
        pytest.param(
            {"ednotes": ("Embargo lifted at the harbour, they say.", NOTE)}, None, id="one note says that it is over"
        ),
        pytest.param({"ednotes": ("Sperrfrist aufgehoben",), "signals": ("embargo",)}, None, id="lifted"),
        pytest.param({"ednotes": ("Sperrfrist aufgehoben",), "headline": NOTE}, None, id="lifted in a note"),
        pytest.param(
            {"ednotes": (NOTE,), "headline": "Embargo lifted: oil flows again"},
            Embargo(until=EVENING, reason=f'says "{NOTE}"'),
            id="a story of another embargo lifts none",
        ),
        pytest.param({"body_text": "Text.\n\n" * 3 + NOTE}, None, id="far down"),
        pytest.param({"body_text": "The oil embargo until 2028 was agreed."}, None, id="a story"),
        pytest.param({"pubstatus": "canceled", "embargoed": LATER}, None, id="a kill does not wait"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_an_item_is_embargoed_by(fields: dict[str, Any], embargo: Embargo | None) -> None:
    assert embargo_of(item(**fields)) == embargo


def test_a_reason_is_short() -> None:
    embargo = embargo_of(item(headline=f"{NOTE} {'am Hafen ' * 50}"))

    assert embargo
    assert len(embargo.reason) < 100


@given(
    note=st.text(),
    body=st.text() | st.none(),
    html=st.text() | st.none(),
    made=st.datetimes(timezones=st.just(UTC)) | st.none(),
)
def test_any_item_has_an_embargo_or_none(note: str, body: str | None, html: str | None, made: datetime | None) -> None:
    asked = item(ednotes=(f"Sperrfrist: {note}",), body_text=body, body_html=html, versioncreated=made)

    assert embargo_of(asked) is None or isinstance(embargo_of(asked), Embargo)
