import pytest

from ingestd.formats.common.publication_status import code_of, has_correction_signal, pubstatus_of, signals_in


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (None, "usable"), ("", "usable"), ("stat:usable", "usable"), ("Usable", "usable"), ("USABLE ", "usable"),
        ("stat:withheld", "withheld"), ("Embargoed", "withheld"), ("canceled", "canceled"), ("Cancelled", "canceled"),
        ("http://cv.iptc.org/newscodes/pubstatusg2/canceled/", "canceled"), ("x#killed", "canceled"),
        ("OPEN", "usable"),
    ],
)  # fmt: skip
def test_statuses_are_read_as_agencies_write_them(raw: str | None, status: str) -> None:
    assert pubstatus_of(raw) == status


@pytest.mark.parametrize("signal", ["edStat:D", "sig:kill", "hn:cancelled", "Delete"])
def test_a_kill_signal_overrides_the_status(signal: str) -> None:
    assert pubstatus_of("stat:usable", [signal]) == "canceled"


@pytest.mark.parametrize("signal", ["edStat:U", "sig:update", "skill", "hn:killer-whale"])
def test_other_signals_leave_the_status(signal: str) -> None:
    assert pubstatus_of("stat:usable", [signal]) == "usable"


@pytest.mark.parametrize(
    ("signal", "correction"), [("sig:correction", True), ("Corrected", True), ("sig:correspondent", False)]
)
def test_correction_signals_are_recognised(signal: str, correction: bool) -> None:
    assert has_correction_signal([signal]) is correction


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("CORRECTED-Ice closes harbour", "correction"),
        ("CORRECTED - Ice closes harbour", "correction"),
        ("(Korrektur: Hafen offen)", "correction"),
        ("KORR: Hafen offen", "correction"),
        ("Berichtigung - Hafen offen", "correction"),
        ("CORRECTION ET MISE À JOUR - Le port", "correction"),
        ("RECTIFICATIF: Le port", "correction"),
        ("Eds: Corrects spelling of harbour", "correction"),
        ("BC-HN--Ice, 3rd Ld-Writethru", "writethru"),
        ("BULLETIN KILL", "kill"),
        ("EDITORS: MANDATORY KILL", "kill"),
        ("Meldung bitte nicht verwenden", "kill"),
        ("EMBARGOED UNTIL 0001 GMT", "embargo"),
        ("Sperrfrist: 19.00 Uhr", "embargo"),
        ("Not for release before noon", "embargo"),
    ],
)
def test_signals_are_found_in_the_wording_of_desks(text: str, signal: str) -> None:
    assert signals_in([None, text]) == (signal,)


@pytest.mark.parametrize(
    "text",
    [
        "Correction officers walk out",
        "Correctional facility: ten escape",
        "Correspondent: it was cold",
        "Kill Bill is a film",
        "Ten killed as ice breaks",
        "EU lifts embargo on arms",
        "Embargo: harbour towns protest",
        "Embargo lifted",
        "Sperrfrist wurde aufgehoben",
        "Withdrawal from the harbour",
        "Corridor: a new way",
    ],
)
def test_stories_with_such_words_give_no_signal(text: str) -> None:
    assert signals_in([text]) == ()


def test_a_code_has_neither_scheme_nor_path() -> None:
    assert [code_of(raw) for raw in ("stat:Usable", "http://x/y/Z/", None, "a b")] == ["usable", "z", "", "a b"]
