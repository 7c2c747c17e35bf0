"""What versions do to a record, whatever order they come in: a model of the desk on the policy alone."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.model.item import PubStatus
from ingestd.policy.wire.version_order import Mark, is_surely_older
from ingestd.policy.wire.versions import Kept, Sent, Standing, step

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def sent(number: int, status: PubStatus) -> Sent:
    mark = Mark(version=str(number), versioncreated=NOON + number * timedelta(minutes=5))
    text = f"{number} {status}"
    return Sent(
        mark=mark, pubstatus=status, content_hash=text, item_hash=text, headline=text, source_id=1, format="ninjs"
    )


def after(versions: Iterable[Sent]) -> tuple[PubStatus, str | None, dict[str | None, PubStatus]]:
    """The status of a record after versions, its version, and the status of each."""
    standing = None
    for version in versions:
        becomes = step(version, standing)
        kept = list(standing.kept) if standing else []
        new = Kept(
            revision=len(kept) + 1, mark=version.mark, pubstatus=becomes.pubstatus, content_hash=version.content_hash,
            item_hash=version.item_hash, headline=version.headline, source_id=1, format="ninjs",
        )  # fmt: skip
        kept = [replace(k, pubstatus="canceled") if k.revision in becomes.cancels else k for k in kept]
        kept += [new] if becomes.is_kept else []
        current = new if becomes.is_current or standing is None else standing.current
        current = next(k for k in kept if k.revision == current.revision)
        standing = Standing(pubstatus=becomes.record_status, current=current, kept=kept, carriers=frozenset({1}))
    assert standing
    return standing.pubstatus, standing.current.mark.version, {k.mark.version: k.pubstatus for k in standing.kept}


STATUSES: list[PubStatus] = ["usable", "withheld", "canceled"]


@given(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=4))
def test_the_order_of_arrival_decides_nothing(statuses: list[PubStatus]) -> None:
    versions = [sent(number, status) for number, status in enumerate(statuses, 1)]
    in_order = after(versions)

    assert all(after(turned) == in_order for turned in permutations(versions))
    assert in_order[:2] == (statuses[-1], str(len(statuses)))
    last_kill = max((n for n, status in enumerate(statuses, 1) if status == "canceled"), default=0)
    assert all(in_order[2][str(number)] == "canceled" for number in range(1, last_kill + 1))


@pytest.mark.parametrize("gap", ["versioncreated", "version", "both"])
@given(order=st.permutations(range(3)), at=st.integers(1, 2))
def test_a_kill_is_undone_by_nothing_that_has_no_time_and_number(gap: str, order: list[int], at: int) -> None:
    absent = {"versioncreated": None} if gap == "versioncreated" else {"version": None}
    absent = {"versioncreated": None, "version": None} if gap == "both" else absent
    kill, story = sent(3, "canceled"), sent(at, "usable")
    undated = replace(sent(at, "usable"), mark=replace(story.mark, **absent), item_hash="undated", content_hash="u")

    assert after([[kill, story, undated][n] for n in order])[0] == "canceled"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param((None, 0), (None, 0), False, id="same"),
        pytest.param(("1", 0), ("2", 30), True, id="lower-number"),
        pytest.param((None, 0), (None, 59), False, id="within-the-minute"),
        pytest.param((None, 0), (None, 60), True, id="a-minute"),
        pytest.param(("2", 0), ("2", 59), False, id="same-number-within-the-minute"),
        pytest.param(("3", 0), ("2", 600), False, id="older-and-of-a-higher-number"),
        pytest.param(("1", None), ("2", None), True, id="numbers-alone"),
        pytest.param((None, None), ("2", 0), False, id="unknown"),
    ],
)
def test_what_is_surely_older(
    one: tuple[str | None, int | None], other: tuple[str | None, int | None], *, expected: bool
) -> None:
    def mark(version: str | None, seconds: int | None) -> Mark:
        return Mark(version=version, versioncreated=None if seconds is None else NOON + timedelta(seconds=seconds))

    assert is_surely_older(mark(*one), mark(*other)) is expected
