import pytest

from ingestd.articles.body.prompts import find_invitation, is_prompt


@pytest.mark.parametrize(
    "line",
    [
        "We use cookies. By clicking OK you agree.",
        "Get the news faster.",
        "Download our free app",
        "Sign up for the morning letter",
        "Already a subscriber? Log in",
        "Follow us on Instagram",
        "Read more: Ferry sinks",
        "RELATED STORIES",
        "Mehr zum Thema",
        "À lire aussi",
        "Lea también: Un barco",
        "© 2024 The Paper",
        "12 Comments",
    ],
)
def test_a_prompt_is_known_by_how_it_begins(line: str) -> None:
    assert is_prompt(line)


@pytest.mark.parametrize(
    ("paragraph", "left"),
    [
        ("It rained. (Click for more on the rain.)", "It rained."),
        ("It rained. Click here for more on the rain.", "It rained."),
        ("It rained (more than ever).", "It rained (more than ever)."),
        ("He would read more when it rained.", "He would read more when it rained."),
    ],
)
def test_an_invitation_stands_at_the_end(paragraph: str, left: str) -> None:
    start, end = find_invitation(paragraph) or (0, 0)

    assert paragraph[:start] + paragraph[end:] == left


@pytest.mark.parametrize(
    "line",
    [
        "Das Thema könnte dich auch interessieren:",
        "Ähnliche Beiträge",
        "NOTAS RELACIONADAS",
        "Externer Inhalt",
        "An dieser Stelle finden Sie einen externen Inhalt, der den Artikel ergänzt.",
    ],
)
def test_prompts_of_other_languages_are_known(line: str) -> None:
    assert is_prompt(line)


def test_what_is_found_at_a_place_is_no_consent() -> None:
    assert not is_prompt("An dieser Stelle finden sich die Reste einer Brücke.")


@pytest.mark.parametrize(
    "sentence",
    [
        "By using drones, police found the missing child within an hour, they said.",
        "Share on profits fell to 3 dollars, the firm said.",
    ],
)
def test_a_sentence_that_begins_like_a_prompt_is_none(sentence: str) -> None:
    assert not is_prompt(sentence)
