from datetime import UTC, datetime, timedelta

import pytest

from ingestd.model.feed import Entry, Feed
from ingestd.model.item import Item
from ingestd.model.source import SeenWarning
from ingestd.policy.polling.document_warnings import (
    MAX_LENGTH,
    MAX_WARNINGS,
    PUSH_MEMORY,
    after_document,
    after_push,
    news,
    warnings_of,
)

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def seen(text: str, *, since: datetime = NOON - HOUR, at: datetime = NOON - HOUR) -> SeenWarning:
    return SeenWarning(text=text, since=since, at=at)


def test_the_warnings_of_items_are_counted_and_quote_nothing() -> None:
    items = [Item(guid=str(n), warnings=("times without a zone", f"expires is not a time: secret {n}")) for n in "ab"]

    assert warnings_of(Feed(format="ninjs", warnings=("damaged",)), [*items, None]) == (
        "damaged",
        "times without a zone: 2 items",
        "expires is not a time: 2 items",
    )


def test_times_without_a_zone_are_counted() -> None:
    entries = (
        Entry(guid="1", published=NOON, published_precision="assumed_zone"),
        Entry(guid="2", published=NOON, published_precision="minute"),
        Entry(guid="3", updated=NOON, updated_precision="assumed_zone"),
        Entry(guid="4", published=NOON, published_precision="assumed_zone", wire="ninjs"),  # its item warns
    )

    found = warnings_of(Feed(format="rss20", entries=entries), [])

    assert found == ("times without a zone were read as UTC: 2 entries",)


def test_warnings_are_bounded() -> None:
    found = warnings_of(Feed(format="rss20", warnings=tuple(f"{'x' * 1000}{n}" for n in "abc") + ("y",) * 3), [])
    assert found == ("x" * MAX_LENGTH, "y")
    assert len(after_document((), (f"w{'!' * n}" for n in range(100)), NOON)) == MAX_WARNINGS


@pytest.mark.parametrize(
    ("before", "found", "now", "fresh"),
    [
        pytest.param([], [], [], [], id="none"),
        pytest.param([], ["a"], ["a"], ["a"], id="first"),
        pytest.param(["a"], ["a"], ["a"], [], id="again"),
        pytest.param(["a: 3 entries"], ["a: 12 entries"], ["a: 12 entries"], [], id="another number"),
        pytest.param(["a: '& b'"], ["a: '& c'"], ["a: '& c'"], [], id="another quotation"),
        pytest.param(["line 7: a"], ["line 9: a: x"], ["line 9: a: x"], [], id="another line"),
        pytest.param(["line 7: a"], ["line 7: b"], ["line 7: b"], ["line 7: b"], id="another fault"),
        pytest.param(["a"], ["a", "b"], ["a", "b"], ["b"], id="one more"),
        pytest.param(["a", "b"], ["b"], ["b"], [], id="one less"),
        pytest.param(["a"], ["b"], ["b"], ["b"], id="another"),
        pytest.param(["a"], [], [], [], id="repaired"),
        pytest.param([], ["a 1", "a 2"], ["a 1"], ["a 1"], id="one kind once"),
    ],
)
def test_only_other_kinds_of_warnings_are_news(
    before: list[str], found: list[str], now: list[str], fresh: list[str]
) -> None:
    known = tuple(map(seen, before))

    after = after_document(known, found, NOON)

    assert [one.text for one in after] == now
    assert list(news(known, after)) == fresh
    assert all(one.at == NOON for one in after)


def test_a_warning_keeps_its_first_time() -> None:
    assert after_document([seen("a: 1")], ["a: 2"], NOON) == (seen("a: 2", at=NOON),)


def test_a_push_keeps_the_warnings_of_others_for_a_day() -> None:
    old = seen("old", at=NOON - PUSH_MEMORY)

    assert after_push([seen("a"), old], [], NOON) == (seen("a"),)
    assert after_push([seen("a"), old], ["b"], NOON) == (seen("b", since=NOON, at=NOON), seen("a"))
    assert after_push([seen("a")], ["a"], NOON) == (seen("a", at=NOON),)
