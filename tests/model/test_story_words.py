import pytest

from ingestd.model.story_words import words_around

TEXT = (
    "Nobody was hurt.\n\nThe line sold 1,500 tickets in a day, 12.5% more, No. 12 said.\n\nJan Müller-Berg left at 9."
)


@pytest.mark.parametrize(
    ("fact", "where"),
    [
        pytest.param("1500", "The line sold 1,500 tickets in a day,", id="separators of thousands"),
        pytest.param("12", "day, 12.5% more, No. 12 said.", id="not a part of another number"),
        pytest.param("Jan Müller", "Jan Müller-Berg left at 9.", id="a name, by its first word"),
        pytest.param("9", "Jan Müller-Berg left at 9.", id="at the end"),
        pytest.param("15", None, id="a part of a number alone"),
        pytest.param("ferry", None, id="not there"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_a_fact_is_shown_with_the_words_around_it(fact: str, where: str | None) -> None:
    assert words_around(TEXT, fact) == where
