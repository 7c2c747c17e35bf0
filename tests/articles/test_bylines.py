import pytest

from ingestd.articles import bylines


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
        ("https://www.facebook.com/paper", None, ()),
        ("ann@paper.example", "ann@paper.example", ()),
        ("", None, ()),
    ],
)
def test_a_byline_names_people(printed: str, byline: str | None, people: tuple[str, ...]) -> None:
    assert bylines.clean(printed) == byline
    assert bylines.split([printed]) == people


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
def test_a_line_is_a_byline_when_a_name_follows(line: str, is_one: bool) -> None:
    assert bylines.is_byline(line) is is_one


def test_names_are_joined_as_printed() -> None:
    assert bylines.join(["Ann Lee", "By Bo Ray", "Cy Orr", "Ann Lee"]) == "Ann Lee, Bo Ray and Cy Orr"
    assert bylines.join([]) is None
