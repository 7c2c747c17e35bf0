import pytest

from ingestd.text import clean, collapse, fold, has_ascii_letters


@pytest.mark.parametrize(
    "unsafe",
    [
        "\x00",
        "\x1b",
        "\x07",
        "\x7f",
        "\x85",
        "\x9b",
        "\ud800",
        "\u200b",
        "\u2060",
        "\ufeff",
        "\u202e",
        "\u2067",
    ],
    ids=ascii,
)
def test_unsafe_characters_are_removed(unsafe: str) -> None:
    assert clean(f"a{unsafe}b") == "ab"


@pytest.mark.parametrize(
    ("written", "cleaned"),
    [
        ("Fähr\xadver\xadbindung", "Fährverbindung"),
        ("Auf\u200clage", "Auflage"),
        ("北\u200d京", "北京"),
        ("\u200cPier", "Pier"),
        ("\u200eAda Marsh\u200f", "Ada Marsh"),
        ("f\u2061(x)\u2062y", "f(x)y"),
        ("\u206aold\u206f", "old"),
        ("\ufff9note\ufffb", "note"),
        ("Ferry\U000e0069\U000e0067 pier", "Ferry pier"),
        ("Пе\xadре\xadпра\xadва", "Переправа"),
        ("a\ufff9\u200db", "ab"),
    ],
    ids=ascii,
)
def test_invisible_characters_without_a_meaning_are_removed(written: str, cleaned: str) -> None:
    assert clean(written) == cleaned
    assert collapse(f" {written}\n") == cleaned


@pytest.mark.parametrize(
    "safe",
    [
        "a\tb\r\nc",
        "naïve café",
        "\u0646\u200c\u0647",
        "می\u200cخواهم",
        "क\u200dष",
        "👩\u200d👧",
        "🏃\u200d♂️",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "שלום\u200f! (ok\u200e)",
        "\u200cمی",
        "a\xa0b",
        "北京",
    ],
    ids=ascii,
)
def test_text_of_every_script_is_unchanged(safe: str) -> None:
    assert clean(safe) == safe


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (None, ""),
        ("", ""),
        (" \n\t ", ""),
        ("  two \r\n\t words\xa0here\u2028now ", "two words here now"),
        ("a\x00 b", "a b"),
    ],
)
def test_text_is_collapsed_to_one_line(text: str | None, line: str) -> None:
    assert collapse(text) == line


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“Quoted” and ‘so’", "\"Quoted\" and 'so'"),
        ("l´eau l`eau", "l'eau l'eau"),
        ("1914–1918 — a war", "1914-1918 - a war"),
        ("small ﹘ dash", "small - dash"),
        ("ﬁnance ２０２０", "finance 2020"),
        ("STRASSE", "straße"),
        ("cafe\u0301", "café"),
        ("co\xadoperate", "cooperate"),
        ("two\n lines", "two lines"),
    ],
)
def test_texts_that_read_the_same_fold_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_different_texts_fold_differently() -> None:
    assert fold("resume") != fold("résumé")


@pytest.mark.parametrize(
    ("text", "are_ascii"),
    [("", True), ("The “port” – closed…", True), ("Fähre", False), ("İ", False), ("港", False), ("\xa0", False)],
    ids=ascii,
)
def test_letters_beyond_ascii_are_told_from_typographic_punctuation(text: str, are_ascii: bool) -> None:
    assert has_ascii_letters(text) is are_ascii
