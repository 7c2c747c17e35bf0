import pytest

from ingestd.articles.agencies.operators import credited
from ingestd.articles.agencies.own_documents import own_agency

AGENCIES = [("Harbour Press", "harbourpress.example")]
TEXT = "The ferry was late on Monday.\n\nIts captain said that the fog was thick."


def test_what_is_at_its_site_is_its_own() -> None:
    def own(site: str) -> str | None:
        return own_agency(provider=None, site=site, source=None, others=AGENCIES)

    assert (own("harbourpress.example"), own("paper.example"), own("apnews.com")) == ("Harbour Press", None, "AP")


@pytest.mark.parametrize(
    ("text", "lines", "is_credited"),
    [
        pytest.param(TEXT, ["By Jo Ray, Harbour Press"], True, id="byline"),
        pytest.param(TEXT, [None, "SKELLING (HARBOUR PRESS) —"], True, id="dateline in capitals"),
        pytest.param(f"{TEXT}\n\n© Harbour Press", [], True, id="last line"),
        pytest.param(f"{TEXT} He told Harbour Press so. {'It was foggy. ' * 20}", [], False, id="cited in a paragraph"),
        pytest.param(TEXT, ["By Jo Ray, Harbour Pressing"], False, id="another word"),
    ],
)
def test_a_text_credits_it_by_name(text: str, lines: list[str | None], is_credited: bool) -> None:
    assert credited(AGENCIES, text, *lines) == ({"Harbour Press"} if is_credited else set())
