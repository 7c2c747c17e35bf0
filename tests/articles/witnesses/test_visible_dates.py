import pytest

from ingestd.articles.witnesses import visible_dates
from ingestd.times import iso


@pytest.mark.parametrize(
    ("lines", "published", "updated"),
    [
        pytest.param(["Posted Jun 24, 2020 1:15 AM CDT"], "2020-06-24T06:15:00Z", None, id="posted"),
        pytest.param(
            ["Published: June 24, 2020 08:00 GMT | Updated: June 25, 2020 09:00 GMT"],
            "2020-06-24T08:00:00Z",
            "2020-06-25T09:00:00Z",
            id="both-in-one",
        ),
        pytest.param(["Jun 20, 2020", "Published: Jun 24, 2020"], "2020-06-24T00:00:00Z", None, id="said-over-bare"),
        pytest.param(["Aktualisiert am 24.06.2020, 08:15 Uhr"], None, "2020-06-24T08:15:00Z", id="updated-only"),
        pytest.param(["Updated on Wednesday, June 24, 2020 at 1:15 p.m."], None, "2020-06-24T13:15:00Z", id="dotted"),
        pytest.param(["The fire began on June 24, 2020."], None, None, id="a-short-sentence"),
        pytest.param(
            ["Posted on June 24, 2019, the video has been seen by two million people, police said."],
            None,
            None,
            id="a-sentence-that-begins-like-a-label",
        ),
        pytest.param(["On June 24, 2020 the boats left the harbour for good."], None, None, id="a-sentence"),
    ],
)
def test_dates_are_found_in_lines(lines: list[str], published: str | None, updated: str | None) -> None:
    first, version = visible_dates.find(lines)

    assert (iso(first and first.when), iso(version and version.when)) == (published, updated)
