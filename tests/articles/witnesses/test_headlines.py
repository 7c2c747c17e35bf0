import pytest

from ingestd.articles.witnesses.headlines import as_printed, without_site


@pytest.mark.parametrize(
    ("headline", "shorter"),
    [
        ("Storm nears | The Paper", "Storm nears"),
        ("Storm nears - Paper", "Storm nears"),
        ("Storm nears: who reads The Paper", "Storm nears: who reads The Paper"),
        ("The Paper", "The Paper"),
        ("Rain – the paper", "Rain"),
    ],
)
def test_the_site_s_name_is_removed_from_a_headline(headline: str, shorter: str) -> None:
    assert without_site(headline, [None, "The Paper"]) == shorter


@pytest.mark.parametrize(
    ("headline", "heading", "printed"),
    [
        ("Storm nears coast | Weather", "Storm nears coast", "Storm nears coast"),
        ("Storm nears coast of Norway", "Storm nears coast", "Storm nears coast of Norway"),
        ("Weather: storm nears", "Weather", "Weather: storm nears"),
        ("Storm nears coast", None, "Storm nears coast"),
    ],
)
def test_a_headline_is_shortened_to_the_page_s_heading(headline: str, heading: str | None, printed: str) -> None:
    assert as_printed(headline, heading) == printed
