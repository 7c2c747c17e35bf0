import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.likeness.characters import form
from ingestd.likeness.sketch import NAME, NUMBER, Sketch, sketch
from tests.support.invented_texts import story, words

BASE = 12345


def tokens(text: str) -> list[str]:
    one = sketch(text, BASE)
    return [one.word(token) for token in range(len(one.tokens))]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("The COUNCIL Voted", "the council voted", id="case"),
        pytest.param("It cost 1,200 crowns", "It cost 1200 crowns", id="comma"),
        pytest.param("It cost 1.200.000 crowns", "It cost 1200000 crowns", id="points"),
        pytest.param("It cost 1\u202f200 crowns", "It cost 1200 crowns", id="narrow-space"),
        pytest.param("It cost 1\u00a0200 crowns", "It cost 1200 crowns", id="no-break-space"),
        pytest.param("It cost 1’200 crowns", "It cost 1200 crowns", id="apostrophe"),
        pytest.param("बाढ़ से ४,५०० घर टूटे", "बाढ़ से 4500 घर टूटे", id="digits-of-devanagari"),
        pytest.param("تضرر ٤٬٥٠٠ منزل و٣٢ جسرا", "تضرر 4500 منزل و32 جسرا", id="digits-of-arabic"),
        pytest.param("น้ำท่วม ๓๒ หลัง", "น้ำท่วม 32 หลัง", id="digits-of-thai"),
        pytest.param("the har\u00advest\u200b failed", "the harvest failed", id="invisible"),
        pytest.param("ﬁne ①", "fine 1", id="compatibility-forms"),
        pytest.param("cafe\u0301", "café", id="composed"),
        pytest.param("“It rained” – twice", '"It rained" - twice', id="quotes"),
        pytest.param("ΣΙΣΥΦΟΣ", "σισυφος", id="final-sigma"),
    ],
)
def test_texts_that_read_alike_have_the_same_tokens(one: str, other: str) -> None:
    assert sketch(one, BASE).tokens.tolist() == sketch(other, BASE).tokens.tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("It cost 1.5 million.", ["It", "cost", "1.5", "million"], id="decimal"),
        pytest.param("In 2020 300 came", ["In", "2020", "300", "came"], id="plain-space"),
        pytest.param("Don't", ["Don", "t"], id="apostrophe"),
        pytest.param("東京で 5 人", ["東", "京", "で", "5", "人"], id="ideographs"),
        pytest.param("กรุงเทพ", list("กรุงเทพ"), id="thai"),
        pytest.param("서울에서 열린", ["서울에서", "열린"], id="hangul"),
        pytest.param("नमस्ते दुनिया", ["नमस्ते", "दुनिया"], id="vowel-signs"),
        pytest.param("  ... !", [], id="none"),
        pytest.param("", [], id="empty"),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


def test_facts_are_numbers_and_capitals_within_sentences() -> None:
    one = sketch("Rain fell. Later the mayor, Ida Moss, gave 1,200 crowns.\nShe left in B4.", BASE)

    facts = {one.word(token): int(kind) for token, kind in enumerate(one.facts) if kind}

    assert facts == {"Ida": NAME, "Moss": NAME, "1200": NUMBER, "B4": NUMBER}


def test_a_token_that_is_longer_differs() -> None:
    assert len(set(sketch("a aa aaa ab ba abc acb", BASE).tokens.tolist())) == 7


def test_a_small_text_is_sampled_whole_and_a_long_one_in_part() -> None:
    small, long = sketch(" ".join(words(1, 60)), BASE), sketch(" ".join(words(1, 3000)), BASE)

    assert small.sampled.tolist() == small.shingles.tolist()
    assert len(small.shingles) == 56
    assert long.sampled.tolist() == [shingle for shingle in long.shingles.tolist() if shingle % 4 == 0]
    assert 0.2 < len(long.sampled) / len(long.shingles) < 0.3


def test_the_sampled_shingles_of_a_part_are_those_of_the_whole() -> None:
    text = story(1, 12)
    whole, part = sketch(text, BASE), sketch(text[text.index("\n\n") :], BASE)

    assert set(part.sampled.tolist()) <= set(whole.sampled.tolist())


def test_shingles_fit_into_48_bits() -> None:
    assert int(sketch(story(2), BASE).shingles.max()) < 1 << 48


@given(st.text(max_size=400), st.integers(min_value=0))
def test_any_text_has_a_sketch(text: str, base: int) -> None:
    one = sketch(text, base)

    assert len(one.starts) == len(one.ends) == len(one.tokens) == len(one.facts)
    assert len(one.rolling) == max(0, len(one.tokens) - one.length + 1)
    assert one.shingles.tolist() == sorted(set(one.rolling.tolist()))
    assert set(one.sampled.tolist()) <= set(one.shingles.tolist())


@given(st.text(max_size=300))
def test_a_sketch_is_the_same_each_time_and_through_a_pipe(text: str) -> None:
    one, again = sketch(text, BASE), sketch(text, BASE)
    sent: Sketch = pickle.loads(pickle.dumps(one))

    assert np.array_equal(one.rolling, again.rolling)
    assert np.array_equal(one.rolling, sent.rolling)
    assert one.text == sent.text


@given(st.text(max_size=300))
def test_the_base_changes_the_hashes_and_nothing_else(text: str) -> None:
    one, other = sketch(text, 3), sketch(text, 5)

    assert one.starts.tolist() == other.starts.tolist()
    assert one.facts.tolist() == other.facts.tolist()
    # The same tokens are equal and unequal.
    assert _pattern(one.tokens.tolist()) == _pattern(other.tokens.tolist())
    assert not set(one.shingles.tolist()) & set(other.shingles.tolist())


def _pattern(values: list[int]) -> list[int]:
    first: dict[int, int] = {}
    return [first.setdefault(value, len(first)) for value in values]


@given(st.text(alphabet="1234567890.,'’ \u00a0\u2009\u202fa", max_size=30))
def test_the_comparison_form_stays_as_it_is(text: str) -> None:
    once = form(text, len(text)).text

    assert [*sketch(once, BASE).tokens.tolist()] == [*sketch(text, BASE).tokens.tolist()]
