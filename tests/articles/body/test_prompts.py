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
def test_a_prompt_is_recognised_by_its_beginning(line: str) -> None:
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
def test_an_invitation_is_found_at_the_end_of_a_paragraph(paragraph: str, left: str) -> None:
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
def test_prompts_in_other_languages_are_recognised(line: str) -> None:
    assert is_prompt(line)


def test_a_sentence_like_a_german_consent_notice_is_no_prompt() -> None:
    assert not is_prompt("An dieser Stelle finden sich die Reste einer Brücke.")


@pytest.mark.parametrize(
    "sentence",
    [
        "By using drones, police found the missing child within an hour, they said.",
        "No comment.",
        "No comment",
        "No response.",
        "Share on profits fell to 3 dollars, the firm said.",
    ],
)
def test_a_sentence_that_begins_like_a_prompt_is_no_prompt(sentence: str) -> None:
    assert not is_prompt(sentence)


@pytest.mark.parametrize(
    "line",
    [
        "No Response so far »",
        "No comment yet",
        "No comments.",
        "Keine Kommentare",
        "Kommentare geschlossen",
        "Comments are closed.",
        "Aucun commentaire",
        "No hay comentarios",
        "Nenhum comentário",
        "Geen reacties",
        "Нет комментариев",
        "Yorum yok",
        "コメントはありません",
        "댓글이 없습니다",
        "REKLAM",
        "Реклама",
        "広告",
        "Article content",
        "We apologize, but this video has failed to load.",
        "Neueste Artikel",
        "Latest posts",
        "Derniers articles",
        "Últimas noticias",
        "Weiterführende Informationen",
        "Empfehlungen aus der Redaktion",
        "Você pode gostar...",
        "Über den Autor",
        "About the author",
        "À propos de l’auteur",
        "Sobre el autor",
    ],
)
def test_lines_of_the_page_s_foot_are_prompts(line: str) -> None:
    assert is_prompt(line)


@pytest.mark.parametrize(
    "line",
    [
        "No comments were made by the minister on Monday.",
        "Keine Kommentare gab es von der Regierung.",
        "Reklame für Tabak bleibt verboten.",
        "About the author of the letter nothing is known.",
        "Über den Autor des Briefes ist nichts bekannt.",
        "Latest news from the harbour is that the boats stay in port.",
        "Article content is paid for by readers.",
        "Recommended videos were deleted on Friday.",
    ],
)
def test_sentences_that_begin_like_lines_of_the_foot_are_no_prompts(line: str) -> None:
    assert not is_prompt(line)
