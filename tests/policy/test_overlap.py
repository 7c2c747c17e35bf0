import pytest

from ingestd.policy.overlap import Overlap, may_have_lost


@pytest.mark.parametrize(
    ("listed", "known", "shared", "latest", "window", "lost"),
    [
        pytest.param(10, 8, 8, 2, 10, False, id="two-new-ones"),
        pytest.param(10, 1, 1, 1, 10, False, id="just-the-newest-is-still-there"),
        pytest.param(10, 0, 0, 0, 10, True, id="nothing-in-common"),
        pytest.param(10, 3, 0, 0, 10, True, id="known-ones-that-came-back-are-no-overlap"),
        pytest.param(10, 1, 1, 0, 10, True, id="only-a-pinned-one-is-left"),
        pytest.param(10, 9, 9, 0, 10, False, id="the-newest-was-withdrawn"),
        pytest.param(10, 0, 0, 0, 0, False, id="the-first-document"),
        pytest.param(0, 0, 0, 0, 10, False, id="an-empty-document"),
        pytest.param(2, 2, 2, 0, 10, False, id="a-window-that-shrank"),
    ],
)
def test_windows_tell_whether_anything_went_by(
    listed: int, known: int, shared: int, latest: int, window: int, lost: bool
) -> None:
    overlap = Overlap(listed=listed, known=known, shared=shared, latest=latest)

    assert may_have_lost(overlap, window=window) is lost
