import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.model.embargo_phrases import find_limit, lifts_embargo, sets_limit


@pytest.mark.parametrize(
    "text",
    [
        "Sperrfrist: 24.12., 18 Uhr",
        "Sperrfrist Montag 0.00 Uhr",
        "Achtung: Sperrfrist 1800 Uhr",
        "ACHTUNG SPERRFRIST!",
        "Bitte beachten Sie die Sperrfrist bis heute Abend, 19.00 Uhr.",
        "frei ab 18 Uhr",
        "ab 18 Uhr frei",
        "frei für Dienstagsausgaben",
        "Nicht vor 22.10.2026, 11:30 Uhr verwenden",
        "EMBARGOED UNTIL 0001 GMT WEDNESDAY JUNE 3",
        "Ice closes harbour (EMBARGOED UNTIL 0001 GMT)",
        "Embargoed to 0001 Monday 3 June",
        "Embargoed until further notice",
        "Note to editors: STRICTLY EMBARGOED",
        "Hold for release till noon",
        "Not for release before noon",
        "For release at 6 p.m. Sunday",
        "Embargo: 18:00 GMT",
        "The embargo lifts at 18:00 GMT",
        "The embargo will not be lifted until 18:00 GMT",
        "sous embargo jusqu'au 3 mai à 18h00",
        "Embargo jusqu'à minuit",
        "Embargo hasta el lunes 3 de junio",
        "Onder embargo tot 12 uur",
    ],
)
def test_a_limit_is_recognised(text: str) -> None:
    assert sets_limit(text)


@pytest.mark.parametrize(
    "text",
    [
        "The oil embargo until 2025",
        "Embargo until 2025: harbour towns agree",
        "EU lifts embargo on arms",
        "Embargo: harbour towns protest",
        "Embargoed goods go to the island",
        "Sin embargo, hasta el lunes no hay barcos",
        "Bundestag verlängert die Sperrfrist bis 31. Dezember 2027",
        "Sperrfristen für Mieter",
        "FOR IMMEDIATE RELEASE",
        "The film is for release on Friday",
        "Eintritt frei ab 18 Uhr",
        "Frei ab 18: ein Festival",
        "Ab Montag sind alle frei",
        "Nicht vor Montag kommt der Regen",
        "Not for the faint of heart",
    ],
)
def test_a_story_about_embargoes_sets_no_limit(text: str) -> None:
    assert not sets_limit(text)
    assert not lifts_embargo(text)


@pytest.mark.parametrize(
    "text",
    [
        "Sperrfrist wurde aufgehoben",
        "Sperrfrist entfällt",
        "ACHTUNG: Die Sperrfrist ist abgelaufen.",
        "EMBARGO LIFTED",
        "Embargo has been lifted; was embargoed until 1800 GMT",
        "Eds: The embargo has been lifted.",
        "No embargo",
        "Embargo opgeheven",
    ],
)
def test_a_lifted_embargo_sets_no_limit(text: str) -> None:
    assert lifts_embargo(text)
    assert not sets_limit(text)


def test_a_note_to_editors_may_set_a_limit_anywhere() -> None:
    text = "This study is embargoed until 18:00 GMT"

    assert find_limit(f"We learn {text}") is None
    assert find_limit(f"We learn {text}", anywhere=True) == "embargoed until 18:00 GMT"


@given(st.text() | st.lists(st.sampled_from(["embargo", "Sperrfrist", " until ", "18:00", "\n", "("])).map("".join))
def test_any_text_can_be_searched(text: str) -> None:
    assert find_limit(text, anywhere=True) is None or isinstance(lifts_embargo(text), bool)
