import random

import pytest

from ingestd.model.feed import Entry
from ingestd.policy.articles import full_text
from ingestd.policy.articles.full_text import MIN_FULL_TEXT, carries_full_text

LONG = "<p>" + "The ferry runs again, the harbour master said. " * 12 + "</p>"


def entry(body: str | None, *, link: str | None = "http://paper.test/1", summary: str | None = None) -> Entry:
    return Entry(guid="1", link=link, body_html=body, description_text=summary)


@pytest.mark.parametrize(
    ("found", "whole"),
    [
        pytest.param(entry(LONG), True, id="long-content"),
        pytest.param(entry("<p>Short.</p>"), False, id="teaser"),
        pytest.param(entry(None), False, id="no-content"),
        pytest.param(entry(f"{LONG}<p>Read more</p>"), False, id="read-more"),
        pytest.param(entry(LONG.replace("</p>", "[…]</p>")), False, id="cut"),
        pytest.param(entry(f"{LONG}<p>Weiterlesen »</p>"), False, id="read-more-in-german"),
        pytest.param(entry("<p>Short.</p>", link=None), True, id="no-page-to-fetch"),
        pytest.param(entry("<p> </p>", link=None), False, id="nothing-at-all"),
        pytest.param(
            entry("<p>" + "x" * MIN_FULL_TEXT + "</p>", summary="x" * MIN_FULL_TEXT), False, id="only-the-summary-again"
        ),
    ],
)
def test_full_text_is_recognised(found: Entry, whole: bool) -> None:
    assert carries_full_text(found) is whole


ENDS = (
    "read continue keep more reading Story ſtory readıng READİNG ARTICLE full whole the weiterlesen mehr lesen "
    "lire la suite leer MÁS leggi tutto lees verder czytaj dalej ... … […] [&#8230;] » › . ! x _ 1"
).split()


def test_an_end_is_found_as_by_the_pattern_alone() -> None:
    chance = random.Random(1)
    for _ in range(5_000):
        text = chance.choice((" ", "")).join(chance.choices(ENDS, k=chance.randint(1, 6)))
        assert full_text._is_cut_short(text) == (full_text._CUT_SHORT.search(text) is not None), text
