import pytest

from ingestd.articles.agencies.credit_lines import credited
from ingestd.articles.agencies.own_documents import own_agency

STORY = "It rained in the hills of Nebu on Monday.\n\nNobody was hurt there, the mayor said."


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        pytest.param(f"{STORY}\n\n— Agence France-Presse", {"AFP"}, id="dash"),
        pytest.param(f"{STORY}\n\n© AFP", {"AFP"}, id="copyright-sign"),
        pytest.param(f"{STORY}\n\ndpa/lnw", {"dpa"}, id="desk"),
        pytest.param(f"{STORY}\n\nPTI", {"PTI"}, id="alone"),
        pytest.param(f"{STORY}\n\nQuelle: APA", {"APA"}, id="source"),
        pytest.param(f"{STORY}\n\nMit Material der Agentur Reuters.", {"Reuters"}, id="german"),
        pytest.param(f"{STORY}\n\nMaterial from Australian Associated Press was used.", {"AAP"}, id="material"),
        pytest.param(
            f"{STORY}\n\nKim Lee of The Associated Press contributed to this report.", {"AP"}, id="contributed"
        ),
        pytest.param(f"{STORY}\n\nThis report was first published by Reuters.", {"Reuters"}, id="published-by"),
        pytest.param(f"{STORY} (Reporting by Kim Lee; editing by Jo Ray)", {"Reuters"}, id="reporting-by"),
        pytest.param(f"{STORY} (AFP)", {"AFP"}, id="parentheses"),
        pytest.param(f"NEBU (Reuters) - {STORY}", {"Reuters"}, id="dateline-in-text"),
        pytest.param("Dika resigns as minister - Reuters", {"Reuters"}, id="alert"),
        pytest.param(STORY, set(), id="none"),
        pytest.param(f"{STORY} The mayor told Reuters that it would rain again.", set(), id="cited"),
        pytest.param(f"{STORY}\n\nThe reporter of AFP fell into the river when the bridge broke.", set(), id="about"),
    ],
)
def test_agencies_that_a_text_is_from(text: str, codes: set[str]) -> None:
    assert credited(text) == codes


def test_the_dateline_and_byline_count_that_were_taken_off() -> None:
    assert credited(STORY, dateline_line="NEBU (dpa)", byline="Kim Lee, Reuters") == {"dpa", "Reuters"}


@pytest.mark.parametrize(
    ("provider", "site", "source", "code"),
    [
        ("dpa", None, None, "dpa"),
        ("pa", None, None, "PA"),
        ("Agence France-Presse", "paper.example", None, "AFP"),
        (None, "apnews.com", None, "AP"),
        (None, "paper.example", "Deutsche Presse-Agentur", "dpa"),
        (None, "paper.example", "The Sarola Post", None),
        (None, None, "PA", None),
        ("Sarola Wire", None, None, None),
    ],
)
def test_the_agency_whose_own_document_it_is(
    provider: str | None, site: str | None, source: str | None, code: str | None
) -> None:
    assert own_agency(provider=provider, site=site, source=source) == code
