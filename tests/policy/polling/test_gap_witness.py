"""What a list must have to vouch for a gap."""

from datetime import UTC, datetime, timedelta

import pytest

from ingestd.policy.polling.gap_witness import Ends, between, newest

NINE = datetime(2026, 1, 31, 9, tzinfo=UTC)
ENDS = Ends(before=frozenset("abc"), after=frozenset("xyz"))


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
def test_a_document_vouches_when_it_has_both_ends_and_keeps_them_apart(listed: str, middle: str | None) -> None:
    found = between(listed, ENDS)

    assert (found if found is None else "".join(listed[at] for at in found)) == middle


@pytest.mark.parametrize("ends", [
    Ends(before=frozenset("ab"), after=frozenset("xyz")), Ends(before=frozenset("abc"), after=frozenset("xy")),
])  # fmt: skip
def test_two_entries_at_an_end_are_too_few(ends: Ends) -> None:
    assert between("zyxmncba", ends) is None
    assert not ends.are_in("zyxmncba")


def test_entries_without_a_link_are_no_witnesses() -> None:
    assert between(["z", "y", "x", None, "c", "b", "a"], ENDS) == range(3, 4)


def test_the_newest_are_three_or_the_whole_of_the_batch_they_came_in() -> None:
    times = [NINE, NINE, NINE - timedelta(hours=1), NINE - timedelta(hours=1), NINE - timedelta(hours=2)]

    assert newest(zip(times, "abcde", strict=True)) == frozenset("abcd")
    assert newest([(NINE, "a")]) == {"a"}
