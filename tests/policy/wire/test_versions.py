"""The effects of versions on a record, in every order of arrival, with a model of the store."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.model.item import PubStatus
from ingestd.policy.wire.version_order import VersionStamp, is_surely_older
from ingestd.policy.wire.versions import ReceivedVersion, RecordState, StoredVersion, effect_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def received(number: int, status: PubStatus) -> ReceivedVersion:
    stamp = VersionStamp(version=str(number), versioncreated=NOON + number * timedelta(minutes=5))
    text = f"{number} {status}"
    return ReceivedVersion(
        stamp=stamp, pubstatus=status, content_hash=text, item_hash=text, headline=text, source_id=1, format="ninjs"
    )


def after(versions: Iterable[ReceivedVersion]) -> tuple[PubStatus, str | None, dict[str | None, PubStatus]]:
    """Return the status of a record after `versions`, its current version, and the status of each version."""
    record = None
    for version in versions:
        effect = effect_of(version, record)
        stored = list(record.versions) if record else []
        new = StoredVersion(
            revision=len(stored) + 1, stamp=version.stamp, pubstatus=effect.pubstatus,
            content_hash=version.content_hash, item_hash=version.item_hash,
            headline=version.headline, source_id=1, format="ninjs",
        )  # fmt: skip
        stored = [replace(k, pubstatus="canceled") if k.revision in effect.cancels else k for k in stored]
        stored += [new] if effect.is_revision else []
        current = new if effect.is_current or record is None else record.current
        current = next(k for k in stored if k.revision == current.revision)
        record = RecordState(pubstatus=effect.record_status, current=current, versions=stored, carriers=frozenset({1}))
    assert record
    return record.pubstatus, record.current.stamp.version, {k.stamp.version: k.pubstatus for k in record.versions}


STATUSES: list[PubStatus] = ["usable", "withheld", "canceled"]


@given(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=4))
def test_the_order_of_arrival_does_not_matter(statuses: list[PubStatus]) -> None:
    versions = [received(number, status) for number, status in enumerate(statuses, 1)]
    in_order = after(versions)

    assert all(after(turned) == in_order for turned in permutations(versions))
    assert in_order[:2] == (statuses[-1], str(len(statuses)))
    last_kill = max((n for n, status in enumerate(statuses, 1) if status == "canceled"), default=0)
    assert all(in_order[2][str(number)] == "canceled" for number in range(1, last_kill + 1))


@pytest.mark.parametrize("gap", ["versioncreated", "version", "both"])
@given(order=st.permutations(range(3)), at=st.integers(1, 2))
def test_a_version_without_time_and_number_does_not_undo_a_kill(gap: str, order: list[int], at: int) -> None:
    absent = {"versioncreated": None} if gap == "versioncreated" else {"version": None}
    absent = {"versioncreated": None, "version": None} if gap == "both" else absent
    kill, story = received(3, "canceled"), received(at, "usable")
    undated = replace(
        received(at, "usable"), stamp=replace(story.stamp, **absent), item_hash="undated", content_hash="u"
    )

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
def test_a_version_is_certainly_older_only_beyond_doubt(
    one: tuple[str | None, int | None], other: tuple[str | None, int | None], *, expected: bool
) -> None:
    def stamp(version: str | None, seconds: int | None) -> VersionStamp:
        return VersionStamp(
            version=version, versioncreated=None if seconds is None else NOON + timedelta(seconds=seconds)
        )

    assert is_surely_older(stamp(*one), stamp(*other)) is expected
