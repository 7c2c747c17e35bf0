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
def test_a_claim_becomes_a_bcp47_tag(claim: str | None, tag: str | None) -> None:
    assert language.bcp47_tag(claim) == tag


GERMAN = "Die Brücke bleibt bis zum Herbst geschlossen, sagte die Bürgermeisterin am Montag. " * 3
NORWEGIAN = "Broen forblir stengt til høsten, sa ordføreren mandag, og båtene går ikke før klokken seks. " * 3
XHOSA = (
    "Usodolophu uthe ngoMvulo ibhulorho izakuhlala ivaliwe kude kube sekwindla, kwaye abantu bazakukhwela izikhephe. "
    * 2
)


@pytest.mark.parametrize(
    ("text", "claim", "language_tag", "shown"),
    [
        pytest.param(GERMAN, None, "de", "de", id="no-claim"),
        pytest.param(GERMAN, "de_at", "de-AT", "de", id="the-region-is-the-claim-s"),
        pytest.param(GERMAN, "en-US", "de", "de", id="a-template-s-claim-loses"),
        pytest.param(XHOSA, "en-US", "xh", "xh", id="a-language-with-few-papers"),
        pytest.param(NORWEGIAN, "nb-NO", "nb-NO", "no", id="one-of-two-written-languages"),
        pytest.param("Die Brücke bleibt geschlossen.", "nl", "nl", "de", id="too-short-to-contradict"),
        pytest.param("OK", "fr", "fr", None, id="nothing-to-tell-by"),
        pytest.param("OK", "English", None, None, id="nothing-at-all"),
    ],
)
def test_the_detected_language_wins_over_a_claim_that_it_contradicts(
    text: str, claim: str | None, language_tag: str | None, shown: str | None
) -> None:
    assert language.identify(text, claim) == (language_tag, shown)


def test_the_language_of_a_text_is_detected() -> None:
    assert language.detect("Die Brücke bleibt bis zum Herbst geschlossen, sagte die Bürgermeisterin am Montag.") == "de"
    assert language.detect("OK") is None
