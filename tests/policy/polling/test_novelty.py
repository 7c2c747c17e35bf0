from dataclasses import replace
from datetime import UTC, datetime

import pytest

from ingestd.model.feed import Entry
from ingestd.model.item import Item
from ingestd.policy.polling.novelty import fingerprint, pick

ENTRY = Entry(
    guid="1",
    link="http://paper.test/1",
    headline="Ferry runs again",
    description_text="From Monday.",
    body_html="<p>The ferry runs again.</p>",
    published=datetime(2026, 1, 31, tzinfo=UTC),
    updated=datetime(2026, 1, 31, tzinfo=UTC),
)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"headline": "  FERRY runs   again "}, id="case-and-space"),
        pytest.param({"body_html": "<div><p>The <b>ferry</b> runs again.</p></div>"}, id="markup"),
        pytest.param({"published": datetime(2026, 2, 1, tzinfo=UTC)}, id="the-time-of-the-poll-as-published"),
        pytest.param({"authors": ("Bo Ray",)}, id="authors"),
    ],
)
def test_changes_of_form_keep_the_fingerprint(changes: dict[str, object]) -> None:
    assert fingerprint(replace(ENTRY, **changes)) == fingerprint(ENTRY)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"headline": "Ferry stops again"}, id="headline"),
        pytest.param({"link": "http://paper.test/2"}, id="link"),
        pytest.param({"description_text": "From Tuesday."}, id="summary"),
        pytest.param({"body_html": "<p>The ferry stops again.</p>"}, id="content"),
        pytest.param({"updated": datetime(2026, 2, 1, tzinfo=UTC)}, id="updated"),
        pytest.param({"headline": None, "description_text": "Ferry runs again"}, id="moved-between-fields"),
    ],
)
def test_changes_of_content_change_the_fingerprint(changes: dict[str, object]) -> None:
    assert fingerprint(replace(ENTRY, **changes)) != fingerprint(ENTRY)  # type: ignore[arg-type]


def test_text_that_cannot_be_encoded_has_a_fingerprint() -> None:
    assert fingerprint(replace(ENTRY, headline="\ud800"))


def test_new_and_changed_are_picked_in_order_and_each_once() -> None:
    old, changed, new = (replace(ENTRY, guid=guid) for guid in ("old", "changed", "new"))
    listed = [(new, "f"), (changed, "g"), (old, "f"), (new, "other")]

    picked = pick(listed, {"old": "f", "changed": "f"})

    assert (picked.new, picked.changed, picked.known) == ((new,), (changed,), 2)


def test_an_entry_with_an_old_date_is_new() -> None:
    late = replace(ENTRY, guid="late", published=datetime(1999, 1, 1, tzinfo=UTC))

    assert pick([(late, "f")], {"old": "f"}).new == (late,)


def test_a_wire_item_is_changed_by_a_kill_that_leaves_its_text_as_it_was() -> None:
    item = Item(guid="1", version="2", headline="h")
    killed = replace(item, pubstatus="canceled")

    fingerprints = {fingerprint(Entry(guid="1", headline="h", item=one)) for one in (None, item, killed)}

    assert len(fingerprints) == 3
