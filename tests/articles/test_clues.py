from datetime import UTC, datetime

from ingestd.articles.clues import Clues, merge, statements_by_field
from ingestd.articles.witnesses.stated_times import StatedTime


def moment(day: int, hour: int, precision: str) -> StatedTime:
    return StatedTime(datetime(2024, 5, day, hour, tzinfo=UTC), precision)  # type: ignore[arg-type]  # one of the three


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


def test_a_desk_that_signs_wins_over_weaker_witnesses_of_people() -> None:
    believed, provenance = merge(
        {
            "json_ld": Clues(byline="Paper Desk"),
            "page": Clues(),
            "meta": Clues(byline="Ann Lee", authors=("Ann Lee",)),
        }
    )

    assert (believed.byline, believed.authors) == ("Paper Desk", ())
    assert provenance == {"byline": "json_ld"}


def test_a_site_s_own_name_is_signed_by_nobody() -> None:
    believed, _ = merge(
        {
            "json_ld": Clues(byline="The Post", source="The Post"),
            "links": Clues(byline="Ann Lee", authors=("Ann Lee",)),
        }
    )

    assert (believed.byline, believed.authors) == ("Ann Lee", ("Ann Lee",))


def test_the_name_in_a_site_s_address_is_no_author() -> None:
    believed, _ = merge(
        {
            "meta": Clues(byline="Ferry Times", authors=("Ferry Times",), uri="https://www.ferrytimes.example/1"),
            "links": Clues(byline="Ann Lee", authors=("Ann Lee",)),
        }
    )

    assert believed.authors == ("Ann Lee",)


def test_nor_is_it_part_of_a_headline() -> None:
    said = Clues(headline="Storm nears | FerryTimes", uri="https://www.ferrytimes.example/1")

    assert merge({"meta": said})[0].headline == "Storm nears"


def test_a_name_under_the_story_wins_over_a_desk() -> None:
    believed, _ = merge({"json_ld": Clues(byline="Paper Desk"), "text": Clues(byline="Ann Lee", authors=("Ann Lee",))})

    assert (believed.byline, believed.authors) == ("Ann Lee", ("Ann Lee",))


def test_a_byline_is_as_printed_where_it_is_of_the_same_people() -> None:
    listed = Clues(byline="Ann Lee", authors=("Ann Lee",))
    printed = Clues(byline="Ann Lee in Oslo", authors=("Ann Lee",))
    other = Clues(byline="Photos by Bo Ray", authors=("Bo Ray",))

    assert merge({"json_ld": listed, "page": printed})[0].byline == "Ann Lee in Oslo"
    assert merge({"json_ld": listed, "page": other})[0].byline == "Ann Lee"


def test_a_role_behind_a_name_that_another_witness_gives_goes() -> None:
    believed, _ = merge({"page": Clues(authors=("Ann Lee Redakteurin",)), "meta": Clues(authors=("Ann Lee",))})

    assert believed.authors == ("Ann Lee",)


def test_no_is_an_answer() -> None:
    believed, provenance = merge({"json_ld": Clues(paywall=False), "page": Clues(paywall=True)})

    assert (believed.paywall, provenance) == (False, {"paywall": "json_ld"})


def test_all_that_was_said_is_told_in_the_order_asked() -> None:
    said = statements_by_field({"title": Clues(headline="C"), "meta": Clues(headline="B"), "json_ld": Clues()})

    assert said == {"headline": {"meta": "B", "title": "C"}}
    assert list(said["headline"]) == ["meta", "title"]


def test_who_says_nothing_leaves_no_trace() -> None:
    assert merge({"json_ld": Clues()}) == (Clues(), {})
