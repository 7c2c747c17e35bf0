import pytest

from ingestd.articles.witnesses.headlines import as_printed, prints, without_site


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


@pytest.mark.parametrize(
    ("line", "headline", "is_printed"),
    [
        ("Norway Storm nears the coast", "Storm nears the coast", True),
        ("Norway: Storm nears the coast", "Norway – Storm nears the coast", True),
        ("Wetter :Sturm vor der Küste", "Sturm vor der Küste", True),
        ("Nationale Demo Der 9. Juli naht", "Nationale Demo / Der 9. Juli naht", True),
        ("«Der Sturm kommt», sagt die Fähre", "Der Sturm kommt, sagt die Fähre", True),
        ("速報 ノルウェー沿岸に大嵐が接近している", "ノルウェー沿岸に大嵐が接近している", True),
        ("Шторм: Паромы стоят третий день", "Паромы стоят третий день", True),
        ("Storm nears the coast of Norway", "Storm nears the coast", False),
        ("A storm", "storm", False),
        ("Storm nears", "The storm nears the coast", False),
        (f"{'The boats stay in port and nobody knows for how long, says the harbour'} Storm nears coast",
         "Storm nears coast", True),
        (f"{'The boats stay in port and nobody at all knows for how long, says the harbour master'} Storm nears coast",
         "Storm nears coast", False),
    ],
)  # fmt: skip
def test_a_line_prints_a_headline_with_or_without_a_kicker(line: str, headline: str, is_printed: bool) -> None:
    assert prints(line, headline) is is_printed
