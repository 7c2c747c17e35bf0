import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.policy.articles.correction_notes import correction_notes

STORY = "The harbour is closed, the board said on Sunday.\n\nThe ice is 12 cm thick, and it will grow."


@pytest.mark.parametrize(
    "note",
    [
        "Correction: The ice is 12 cm thick, not 21.",
        "CORRECTION (June 3): The ice is 12 cm thick.",
        "Correction, June 3, 2026, 10:04 a.m.: The ice is 12 cm thick.",
        "Corrections and clarifications: the ice is 12 cm thick.",
        "CORRECTION — The ice is 12 cm thick.",
        "Clarification: The board has not decided yet.",
        "(Corrects depth of the ice in second paragraph)",
        "(This June 3 story has been corrected to give the depth of the ice in paragraph 2)",
        "• This article was amended on 3 June 2026 because the ice is 12 cm thick.",
        "This article has since been corrected.",
        "This story was updated on Sunday to correct the depth of the ice.",
        "___ This version corrects that the ice is 12 cm thick.",
        "This story's headline has been corrected.",
        "An earlier version of this article misstated the depth of the ice.",
        "In an earlier version of this story, the depth of the ice was incorrect.",
        "A previous headline wrongly said that the harbour was open.",
        "This article originally misidentified the harbour.",
        "Because of an editing error, an earlier version had another depth.",
        "Editor’s note: This story was corrected on Sunday.",
        "Korrektur: Das Eis ist 12 cm dick.",
        "Berichtigung vom 3. Juni: Das Eis ist 12 cm dick.",
        "In einer früheren Version dieses Textes hieß es, das Eis sei 21 cm dick.",
        "In einer ersten Fassung stand, der Hafen sei offen.",
        "Anmerkung der Redaktion: Wir haben die Dicke des Eises korrigiert.",
        "Anm. d. Red.: In einer früheren Version war das Eis dicker.",
        "Dieser Artikel wurde am 3. Juni korrigiert.",
        "Rectificatif : la glace a 12 cm d'épaisseur.",
        "Cet article a été corrigé le 3 juin.",
        "Une première version de cet article indiquait une autre épaisseur.",
        "Corrección: el hielo tiene 12 cm.",
        "Fe de errores: el hielo tiene 12 cm.",
        "Una versión anterior de este artículo decía que el hielo tenía 21 cm.",
        "Este artículo ha sido corregido.",
    ],
)
def test_a_note_is_found_at_either_end_and_in_the_description(note: str) -> None:
    assert correction_notes(f"{STORY}\n\n{note}") == note
    assert correction_notes(f"{note}\n\n{STORY}") == note
    assert correction_notes(STORY, description=note) == note


@pytest.mark.parametrize(
    "paragraph",
    [
        "Correction officers walked out on Sunday.",
        "Corrections, the board said, were to come.",
        "The market is in a correction: prices fell.",
        "The board corrected its figures on Sunday.",
        "An earlier version of the plan had two ferries.",
        "The original version was a mission to the island.",
        "This article was first published in June.",
        "This story was updated on Sunday with the depth of the ice.",
        "This article has been updated to include a statement.",
        "Editor's note: This is the first of two parts.",
        "“In the first version there was no ferry,” she said.",
        "Korrekturen am Plan sind nicht nötig, hieß es.",
        "In der ersten Version des Plans gab es zwei Fähren.",
        "Der Bericht wurde am Sonntag korrigiert, sagt der Hafen.",
        "Anmerkung der Redaktion: Die Namen sind geändert.",
        "Une nouvelle version de ce plan est attendue.",
        "Este artículo ha sido publicado el domingo.",
        "Correction:",
    ],
)
def test_other_paragraphs_are_no_notes(paragraph: str) -> None:
    assert correction_notes(f"{STORY}\n\n{paragraph}") is None


def test_a_label_on_its_own_is_joined_with_the_next_paragraph() -> None:
    assert correction_notes(f"{STORY}\n\nCorrection\n\nThe ice is 12 cm thick.") == "Correction The ice is 12 cm thick."


def test_two_notes_are_separated_by_a_blank_line() -> None:
    first, second = "Correction: The ice is 12 cm thick.", "Correction: The board has two members."

    assert correction_notes(f"{STORY}\n\n{first}\n\n{second}") == f"{first}\n\n{second}"


def test_a_headline_can_be_a_note() -> None:
    assert correction_notes(STORY, headline="Correction: Harbour-Ice story") == "Correction: Harbour-Ice story"
    assert correction_notes(STORY, headline="Ice closes harbour") is None


@given(
    st.text() | st.lists(st.sampled_from(["Correction", ":", " ", "June 3", "(", "\n\n", "this story "])).map("".join)
)
def test_any_text_is_accepted(text: str) -> None:
    assert correction_notes(text, text, text) != ""
