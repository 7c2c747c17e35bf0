from datetime import UTC, datetime, timedelta

import pytest

from ingestd.policy.articles.doubles import DoubleRevision, merge

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def revision(id: int, record: int, number: int, minute: int, change: str = "new", text: str = "") -> DoubleRevision:  # noqa: A002
    return DoubleRevision(
        id=id, record_id=record, revision=number, change=change, content_hash=text or str(id),
        seen_at=NOON + timedelta(minutes=minute),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "latest", "expected"),
    [
        pytest.param(
            [revision(1, 1, 1, 0), revision(2, 2, 1, 1), revision(3, 2, 2, 2, "headline")],
            2,
            [(1, 1, "new"), (2, 2, "text"), (3, 3, "headline")],
            id="behind the kept record's",
        ),
        pytest.param(
            [revision(1, 1, 1, 0), revision(2, 2, 1, 1), revision(3, 1, 2, 2, "corrected")],
            None,
            [(1, 1, "new"), (2, 2, "text"), (3, 3, "corrected")],
            id="in the order in which they were seen",
        ),
        pytest.param(
            [revision(1, 1, 1, 0), revision(2, 2, 1, 1)],
            1,
            [(2, 1, "new"), (1, 2, "text")],
            id="the latest text of the entry is the last one",
        ),
        pytest.param(
            [revision(1, 1, 1, 0, text="t"), revision(2, 2, 1, 1, text="t")],
            9,
            [(1, 1, "new"), (2, 2, "headline")],
            id="the same text",
        ),
        pytest.param(
            [revision(7, 1, 4, 0, "text"), revision(8, 3, 2, 1, "text"), revision(9, 2, 1, 2)],
            None,
            [(7, 4, "text"), (8, 5, "text"), (9, 6, "text")],
            id="earlier revisions were deleted",
        ),
    ],
)
def test_revisions_of_all_records_become_those_of_the_oldest(
    found: list[DoubleRevision], latest: int | None, expected: list[tuple[int, int, str]]
) -> None:
    merged = merge(found, latest=latest)

    assert merged.kept == 1
    assert merged.dropped == tuple(sorted({one.record_id for one in found} - {1}))
    assert {one.record_id for one in merged.revisions} == {1}
    assert [(one.id, one.revision, one.change) for one in merged.revisions] == expected
