import pytest

from ingestd.articles.witnesses import bylines


@pytest.mark.parametrize(
    ("printed", "byline", "people"),
    [
        ("By Ann Lee", "Ann Lee", ("Ann Lee",)),
        ("by Ann Lee and Bo Ray", "Ann Lee and Bo Ray", ("Ann Lee", "Bo Ray")),
        ("Von Anna Groß, Bo Ray und Cy Orr", "Anna Groß, Bo Ray und Cy Orr", ("Anna Groß", "Bo Ray", "Cy Orr")),
        ("Newswire Editors and Wire Services", "Newswire Editors and Wire Services", ()),
        ("Ann Lee, Senior Reporter", "Ann Lee, Senior Reporter", ("Ann Lee",)),
        ("Ann Lee (Oslo)", "Ann Lee (Oslo)", ("Ann Lee",)),
        ("Reuters", "Reuters", ()),
        ("Ein Artikel von Anna Groß", "Anna Groß", ("Anna Groß",)),
        ("Autor: Anna Groß", "Anna Groß", ("Anna Groß",)),
        ("Ann Lee 8 January 2020, 3:51 pm", "Ann Lee 8 January 2020, 3:51 pm", ("Ann Lee",)),
        ("Ann Lee - January 10, 2020", "Ann Lee - January 10, 2020", ("Ann Lee",)),
        ("Ann Lee @annlee", "Ann Lee @annlee", ("Ann Lee",)),
        ("ANN LEE FOR THE COURIER", "ANN LEE FOR THE COURIER", ("ANN LEE",)),
        ("annlee", "annlee", ()),
        ("kst/bor", "kst/bor", ("kst", "bor")),
        ("paper.example, Oslo, Norway", "paper.example, Oslo, Norway", ()),
        ("Veröffentlicht am 27.04.24 um 07:39 Uhr", "Veröffentlicht am 27.04.24 um 07:39 Uhr", ()),
        ("By", None, ()),
        ("https://www.facebook.com/paper", None, ()),
        ("ann@paper.example", "ann@paper.example", ()),
        ("", None, ()),
    ],
)
def test_people_are_found_in_a_byline(printed: str, byline: str | None, people: tuple[str, ...]) -> None:
    assert bylines.clean(printed) == byline
    assert bylines.people([printed]) == people


@pytest.mark.parametrize(
    ("byline", "signed"),
    [
        pytest.param("Ann Lee and AP", ("Ann Lee", "AP"), id="agency-beside-a-person"),
        pytest.param("Ann Lee, Associated Press", ("Ann Lee",), id="employer"),
        pytest.param("Ann Lee, Senior Reporter", ("Ann Lee",), id="role"),
        pytest.param(
            "Deutsche Presse-Agentur and Nordwest-Redaktion",
            ("Deutsche Presse-Agentur", "Nordwest-Redaktion"),
            id="two-desks",
        ),
        pytest.param("Harbor Post Staff and Wire Services", ("Harbor Post Staff",), id="nobody-in-particular"),
        pytest.param("red, wien.paper.example/Agenturen", ("wien.paper.example",), id="site"),
        pytest.param("Redaktion paper.example", ("Redaktion paper.example",), id="desk-of-a-site"),
        pytest.param("ann@paper.example", (), id="address"),
        pytest.param(None, (), id="nothing"),
    ],
)
def test_people_desks_and_agencies_sign(byline: str | None, signed: tuple[str, ...]) -> None:
    assert bylines.signatures(byline) == signed


@pytest.mark.parametrize(
    ("line", "is_one"),
    [
        ("By Ann Lee", True),
        ("BY ANN LEE", True),
        ("By the time it ended, all had left.", False),
        ("By Friday it was over.", False),
        ("Byways of Norway", False),
    ],
)
def test_a_byline_is_by_and_a_name(line: str, is_one: bool) -> None:
    assert bylines.is_byline(line) is is_one


def test_names_are_joined_as_printed() -> None:
    assert bylines.join(["Ann Lee", "By Bo Ray", "Cy Orr", "Ann Lee"]) == "Ann Lee, Bo Ray and Cy Orr"
    assert bylines.join([]) is None
