import pytest

from ingestd.policy.polling.overlap import Overlap, may_have_lost


@pytest.mark.parametrize(
    ("listed", "known", "seen_elsewhere", "shared", "shared_latest", "window", "lost"),
    [
        pytest.param(10, 8, 0, 8, 2, 10, False, id="two-new-ones"),
        pytest.param(10, 1, 0, 1, 1, 10, False, id="just-the-newest-is-still-there"),
        pytest.param(10, 0, 0, 0, 0, 10, True, id="nothing-in-common"),
        pytest.param(10, 3, 0, 0, 0, 10, True, id="known-ones-that-came-back-are-no-overlap"),
        pytest.param(10, 1, 0, 1, 0, 10, True, id="only-a-pinned-one-is-left"),
        pytest.param(10, 9, 0, 9, 0, 10, False, id="the-newest-was-withdrawn"),
        pytest.param(10, 0, 0, 0, 0, 0, False, id="the-first-document"),
        pytest.param(0, 0, 0, 0, 0, 10, False, id="an-empty-document"),
        pytest.param(2, 2, 0, 2, 0, 10, False, id="a-window-that-shrank"),
        pytest.param(10, 1, 1, 0, 0, 10, True, id="one-of-ten-was-pushed"),
        pytest.param(10, 10, 10, 0, 0, 10, False, id="all-of-them-were-pushed"),
        pytest.param(10, 9, 5, 4, 0, 10, True, id="one-was-not-pushed-and-nothing-new-of-before-is-left"),
        pytest.param(10, 9, 3, 6, 0, 10, False, id="one-was-not-pushed-and-most-of-the-window-is-left"),
    ],
)
def test_overlap_shows_whether_entries_may_have_been_missed(
    listed: int, known: int, seen_elsewhere: int, shared: int, shared_latest: int, window: int, lost: bool
) -> None:
    overlap = Overlap(
        listed=listed, known=known, seen_elsewhere=seen_elsewhere, shared=shared, shared_latest=shared_latest
    )

    assert may_have_lost(overlap, window=window) is lost
