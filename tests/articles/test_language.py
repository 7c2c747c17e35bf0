import pytest

from ingestd.articles import language
from ingestd.model.language_tags import language_tag


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
        ("English", "en"), ("german", "de"), ("Deutsch", "de"), ("español", "es"), ("한국어", "ko"), ("日本語", "ja"),
        ("eng", "en"), ("ger", "de"), ("deu", "de"), ("jpn", "ja"), ("zho", "zh"), ("fre-FR", "fr-FR"), ("cmn", "zh"),
        ("fil", "fil"), ("ast", "ast"), ("ckb", "ckb"),
        ("kr", "ko"), ("jp", "ja"), ("cn", "zh"), ("tw", "zh-TW"), ("ua", "uk"), ("cz", "cs"), ("gr", "el"),
        ("zh_TW", "zh-TW"), ("en_US.UTF-8", "en-US"), ("de_DE@euro", "de-DE"), ("de-DE-x", "de-DE"), ("en-UK", "en-GB"),
        ("ja-JA", "ja"), ("en-EN", "en"), ("es-LA", "es-419"), ("zh-cmn-Hans-CN", "zh-Hans-CN"), ("sh", "sr-Latn"),
        ("iw", "he"), ("in", "id"), ("nb-NO", "nb-NO"), ("no", "no"), ("nno", "nn"), ("en-US,en;q=0.9", "en-US"),
        ("utf", None), ("utf-8", None), ("UTF8", None), ("xx", None), ("und", None), ("mul", None), ("zxx", None),
        ("html", None), ("x-default", None), ("klingon!", None), ("1", None), ("--", None),
        ("", None),
        (None, None),
    ],
)  # fmt: skip
def test_a_claim_becomes_a_bcp47_tag(claim: str | None, tag: str | None) -> None:
    assert language_tag(claim) == tag


JAPANESE = "港の橋は秋まで閉鎖されると市長が月曜日に発表した。船は六時に出る。"
KOREAN = "항구의 다리는 가을까지 폐쇄된다고 시장이 월요일에 발표했다. 배는 여섯 시에 떠난다."
CHINESE = "市长周一表示，港口大桥将关闭至秋季，渡轮将于六点开出，居民需要绕行。"
GREEK = "Η γέφυρα του λιμανιού θα μείνει κλειστή ως το φθινόπωρο, είπε η δήμαρχος τη Δευτέρα."
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
        pytest.param("OK", "English", "en", None, id="a-name"),
        pytest.param("OK", "utf", None, None, id="nothing-at-all"),
        pytest.param(GERMAN, "utf", "de", "de", id="no-language"),
        pytest.param(JAPANESE, "en", "ja", "ja", id="short-text-in-another-script"),
        pytest.param(JAPANESE, "jp", "ja", "ja", id="a-country"),
        pytest.param(KOREAN, "kr", "ko", "ko", id="a-country-that-is-a-code"),
        pytest.param(KOREAN, "ja-JP", "ko", "ko", id="hangul-is-no-japanese"),
        pytest.param(CHINESE, "utf", "zh", "zh", id="chinese"),
        pytest.param(CHINESE, "zh-Hant-TW", "zh-Hant-TW", "zh", id="its-script-is-the-claim-s"),
        pytest.param(GERMAN, "kr", "de", "de", id="a-country-that-the-text-contradicts"),
        pytest.param(NORWEGIAN, "utf", "no", "no", id="not-told-apart"),
        pytest.param(GREEK, "en-US", "el", "el", id="greek"),
    ],
)
def test_the_detected_language_wins_over_a_claim_that_it_contradicts(
    text: str, claim: str | None, language_tag: str | None, shown: str | None
) -> None:
    assert language.identify(text, claim) == (language_tag, shown)


def test_the_language_of_a_text_is_detected() -> None:
    assert language.detect("Die Brücke bleibt bis zum Herbst geschlossen, sagte die Bürgermeisterin am Montag.") == "de"
    assert language.detect("OK") is None
