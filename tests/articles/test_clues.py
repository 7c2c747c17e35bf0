from datetime import UTC, datetime

from ingestd.articles.clues import Clues, merge
from ingestd.articles.moments import Moment


def moment(day: int, hour: int, precision: str) -> Moment:
    return Moment(datetime(2024, 5, day, hour, tzinfo=UTC), precision)  # type: ignore[arg-type]  # one of the three


def test_the_first_asked_who_answers_is_believed() -> None:
    believed, provenance = merge({"title": Clues(headline="C"), "meta": Clues(headline="B"), "json_ld": Clues()})

    assert believed.headline == "B"
    assert provenance == {"headline": "meta"}


def test_the_minute_is_believed_over_the_day_when_it_is_the_same_day() -> None:
    believed, provenance = merge(
        {
            "json_ld": Clues(firstcreated=moment(1, 0, "day")),
            "meta": Clues(firstcreated=moment(9, 9, "minute")),
            "entry": Clues(firstcreated=moment(1, 9, "minute")),
        }
    )

    assert believed.firstcreated == moment(1, 9, "minute")
    assert provenance == {"firstcreated": "entry"}


def test_a_site_is_no_author() -> None:
    believed, _ = merge(
        {"json_ld": Clues(authors=("The Post",), source="The Post"), "page": Clues(authors=("Ann Lee",))}
    )

    assert believed.authors == ("Ann Lee",)


def test_who_says_nothing_leaves_no_trace() -> None:
    assert merge({"json_ld": Clues()}) == (Clues(), {})
