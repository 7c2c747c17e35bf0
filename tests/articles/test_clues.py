from datetime import UTC, datetime

import pytest

from ingestd.articles.clues import Clues, merge, statements_by_field
from ingestd.dates.stated_time import StatedTime


def stated(day: int, hour: int, precision: str) -> StatedTime:
    return StatedTime(datetime(2024, 5, day, hour, tzinfo=UTC), precision)  # type: ignore[arg-type]  # one of the three


def test_the_witness_with_the_highest_priority_wins() -> None:
    believed, provenance = merge({"title": Clues(headline="C"), "meta": Clues(headline="B"), "json_ld": Clues()})

    assert believed.headline == "B"
    assert provenance == {"headline": "meta"}


def test_a_time_to_the_minute_wins_over_its_day() -> None:
    believed, provenance = merge(
        {
            "json_ld": Clues(firstcreated=stated(1, 0, "day")),
            "meta": Clues(firstcreated=stated(9, 9, "minute")),
            "entry": Clues(firstcreated=stated(1, 9, "minute")),
        }
    )

    assert believed.firstcreated == stated(1, 9, "minute")
    assert provenance == {"firstcreated": "entry"}


def test_the_site_is_no_author() -> None:
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


def test_the_site_s_name_is_no_byline() -> None:
    believed, _ = merge(
        {
            "json_ld": Clues(byline="The Post", source="The Post"),
            "links": Clues(byline="Ann Lee", authors=("Ann Lee",)),
        }
    )

    assert (believed.byline, believed.authors) == ("Ann Lee", ("Ann Lee",))


def test_the_name_in_the_site_s_host_is_no_author() -> None:
    believed, _ = merge(
        {
            "meta": Clues(byline="Ferry Times", authors=("Ferry Times",), uri="https://www.ferrytimes.example/1"),
            "links": Clues(byline="Ann Lee", authors=("Ann Lee",)),
        }
    )

    assert believed.authors == ("Ann Lee",)


def test_the_name_in_the_site_s_host_is_removed_from_a_headline() -> None:
    title_with_host = Clues(headline="Storm nears | FerryTimes", uri="https://www.ferrytimes.example/1")

    assert merge({"meta": title_with_host})[0].headline == "Storm nears"


def test_a_name_under_the_story_wins_over_a_desk() -> None:
    believed, _ = merge({"json_ld": Clues(byline="Paper Desk"), "text": Clues(byline="Ann Lee", authors=("Ann Lee",))})

    assert (believed.byline, believed.authors) == ("Ann Lee", ("Ann Lee",))


def test_the_printed_byline_wins_if_it_names_the_same_people() -> None:
    listed = Clues(byline="Ann Lee", authors=("Ann Lee",))
    printed = Clues(byline="Ann Lee in Oslo", authors=("Ann Lee",))
    other = Clues(byline="Photos by Bo Ray", authors=("Bo Ray",))

    assert merge({"json_ld": listed, "page": printed})[0].byline == "Ann Lee in Oslo"
    assert merge({"json_ld": listed, "page": other})[0].byline == "Ann Lee"


def test_a_role_after_a_name_that_another_witness_states_is_removed() -> None:
    believed, _ = merge({"page": Clues(authors=("Ann Lee Redakteurin",)), "meta": Clues(authors=("Ann Lee",))})

    assert believed.authors == ("Ann Lee",)


def test_false_is_a_statement() -> None:
    believed, provenance = merge({"json_ld": Clues(paywall=False), "page": Clues(paywall=True)})

    assert (believed.paywall, provenance) == (False, {"paywall": "json_ld"})


def test_statements_are_listed_by_priority() -> None:
    statements = statements_by_field({"title": Clues(headline="C"), "meta": Clues(headline="B"), "json_ld": Clues()})

    assert statements == {"headline": {"meta": "B", "title": "C"}}
    assert list(statements["headline"]) == ["meta", "title"]


def test_a_witness_without_statements_is_not_in_the_provenance() -> None:
    assert merge({"json_ld": Clues()}) == (Clues(), {})


def test_a_longer_list_of_the_same_people_wins() -> None:
    one, two = Clues(byline="Ann Lee", authors=("Ann Lee",)), ("Bo Ray", "Ann Lee")

    assert merge({"json_ld": one, "page": Clues(byline="Bo Ray and Ann Lee", authors=two)})[0].authors == two
    assert merge({"json_ld": one, "links": Clues(authors=two)})[0].authors == ("Ann Lee",)
    assert merge({"json_ld": one, "page": Clues(authors=("Ann Lee", "Wire"))})[0].authors == ("Ann Lee",)


def test_a_byline_with_a_date_or_an_address_is_the_last_choice() -> None:
    people = ("Ann Lee",)
    believed, provenance = merge(
        {
            "page": Clues(byline="Ann Lee 05 maja 2021", authors=people),
            "json_ld": Clues(byline="Ann Lee", authors=people),
        }
    )

    assert (believed.byline, provenance["byline"]) == ("Ann Lee", "json_ld")
    assert merge({"page": Clues(byline="Ann Lee 05 maja 2021", authors=people)})[0].byline == "Ann Lee 05 maja 2021"


def test_the_printed_headline_wins_over_the_one_for_search_engines() -> None:
    printed = {"meta": Clues(headline="Pier shuts"), "page": Clues(headline="Pier shuts")}

    assert merge({"json_ld": Clues(headline="Ferry pier news"), **printed})[0].headline == "Pier shuts"
    assert merge({"json_ld": Clues(headline="A"), "meta": Clues(headline="B")})[0].headline == "A"


def test_the_site_s_name_is_no_headline() -> None:
    believed, _ = merge({"page": Clues(headline="The Post"), "meta": Clues(source="The Post"), "title": Clues()})

    assert believed.headline is None


@pytest.mark.parametrize(
    ("in_data", "for_networks", "printed", "title", "winner"),
    [
        pytest.param("Sturm naht der Küste", "Wetter: Der Sturm ist da", "Wetter Der Sturm ist da", None, "meta",
                     id="printed-behind-a-kicker-that-og-title-has"),
        pytest.param("Sturm naht der Küste", "Der Sturm ist schon da", "Wetter Der Sturm ist schon da", None, "meta",
                     id="printed-behind-a-kicker"),
        pytest.param("Sturm naht der Küste", "Der Sturm ist da", "Sturm naht der Küste", None, "json_ld",
                     id="printed-as-in-data"),
        pytest.param("Sturm naht der Küste", "Der Sturm ist da", None, None, "json_ld", id="nothing-printed"),
        pytest.param("Sturm naht der Küste", "Der Sturm ist da", "Die Lage im Norden", None, "json_ld",
                     id="neither-printed"),
        pytest.param("Wetter - Sturm naht", "Wetter: Sturm naht", None, "Wetter: Sturm naht - Panorama", "meta",
                     id="spelt-as-the-title"),
        pytest.param("Wetter: Sturm naht", "Wetter - Sturm naht", None, "Wetter: Sturm naht", "json_ld",
                     id="spelt-as-the-title-in-data"),
        pytest.param("„Sturm“ naht!", "Sturm naht", "„Sturm“ naht!", "Sturm naht | Panorama", "json_ld",
                     id="spelt-as-printed"),
        pytest.param("Wetter - Sturm naht", "Wetter: Sturm naht", None, None, "json_ld", id="spelling-unknown"),
    ],
)  # fmt: skip
def test_the_headline_is_the_one_that_the_page_prints(
    in_data: str, for_networks: str, printed: str | None, title: str | None, winner: str
) -> None:
    witnesses = {
        "json_ld": Clues(headline=in_data),
        "meta": Clues(headline=for_networks),
        "page": Clues(headline=printed),
        "title": Clues(headline=title),
    }

    assert merge(witnesses)[1]["headline"] == winner
