"""Which lists cover a gap."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestd.policy.polling.gap_edges import GapEdges, newest_addresses, positions_between

NINE = datetime(2026, 1, 31, 9, tzinfo=UTC)
ENDS = GapEdges(before=frozenset("abc"), after=frozenset("xyz"))


@pytest.mark.parametrize(
    ("listed", "middle"),
    [
        pytest.param("zyxmncba", "mn", id="newest-first"),
        pytest.param("abcmnxyz", "mn", id="newest-last"),
        pytest.param("vzyxcbau", "", id="nothing-between"),
        pytest.param("zyxmncb", None, id="does-not-reach-back"),
        pytest.param("zxmncba", None, id="lacks-one-after"),
        pytest.param("azyxmncb", None, id="one-from-before-is-pinned"),
        pytest.param("", None, id="empty"),
    ],
)
def test_a_document_covers_a_gap_when_it_has_both_edges_and_keeps_them_apart(listed: str, middle: str | None) -> None:
    found = positions_between(listed, ENDS)

    assert (found if found is None else "".join(listed[at] for at in found)) == middle


@pytest.mark.parametrize("edges", [
    GapEdges(before=frozenset("ab"), after=frozenset("xyz")), GapEdges(before=frozenset("abc"), after=frozenset("xy")),
])  # fmt: skip
def test_two_entries_at_an_edge_are_too_few(edges: GapEdges) -> None:
    assert positions_between("zyxmncba", edges) is None
    assert not edges.all_in("zyxmncba")


def test_entries_without_a_link_are_ignored() -> None:
    assert positions_between(["z", "y", "x", None, "c", "b", "a"], ENDS) == range(3, 4)


def test_newest_addresses_are_at_least_three_and_never_part_of_a_batch() -> None:
    times = [NINE, NINE, NINE - timedelta(hours=1), NINE - timedelta(hours=1), NINE - timedelta(hours=2)]

    assert newest_addresses(zip(times, "abcde", strict=True)) == frozenset("abcd")
    assert newest_addresses([(NINE, "a")]) == {"a"}
