import pytest

from ingestd.policy.polling.condition import condition_of


@pytest.mark.parametrize(
    ("state", "last", "quiet", "condition"),
    [
        ("active", "ok", False, "ok"),
        ("active", "ok", True, "quiet"),
        ("active", "throttled", False, "throttled"),
        ("active", "failing", True, "failing"),
        ("active", "gone", False, "failing"),
        ("gone", "gone", False, "gone"),
        ("paused", "failing", False, "paused"),
    ],
)
def test_a_source_has_one_condition(state: str, last: str, quiet: bool, condition: str) -> None:
    assert condition_of(state=state, last=last, quiet=quiet) == condition
