import pytest

from ingestd.articles import language


@pytest.mark.parametrize(
    ("claim", "tag"),
    [
        ("en", "en"),
        ("en_us", "en-US"),
        ("DE-at", "de-AT"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("sr_Latn", "sr-Latn"),
        ("es-419", "es-419"),
        ("pt-BR, en", "pt-BR"),
        ("English", None),
        ("x-default", None),
        ("", None),
        (None, None),
    ],
)
def test_a_claim_becomes_a_bcp_47_tag(claim: str | None, tag: str | None) -> None:
    assert language.tag(claim) == tag


def test_a_text_tells_its_language() -> None:
    assert language.detect("Die Brücke bleibt bis zum Herbst geschlossen, sagte die Bürgermeisterin am Montag.") == "de"
    assert language.detect("OK") is None
