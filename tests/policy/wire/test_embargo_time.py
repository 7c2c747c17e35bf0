from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestd.policy.wire.embargo_time import LONGEST_EMBARGO, embargo_end

#: A Tuesday, at noon in Berlin.
MADE = datetime(2026, 6, 2, 10, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0, *, month: int = 6, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("clause", "language", "until"),
    [
        pytest.param("Sperrfrist: 24.12., 18 Uhr", "de", at(24, 17, month=12), id="de: day and hour"),
        pytest.param("Sperrfrist: 24.12.26 18:00", "de", at(24, 17, month=12), id="de: year of two digits"),
        pytest.param("Sperrfrist Montag 0.00 Uhr", "de", at(7, 22), id="de: weekday"),
        pytest.param("Sperrfrist bis 15. März 2027, 12.00 Uhr", "de", at(15, 11, month=3, year=2027), id="de: written"),
        pytest.param("Sperrfrist 1800 Uhr", "de-AT", at(2, 16), id="de: four digits"),
        pytest.param("Sperrfrist 11.00 Uhr", "de", at(3, 9), id="de: tomorrow"),
        pytest.param("ab 18 Uhr 30 frei", "de", at(2, 16, 30), id="de: minutes behind Uhr"),
        pytest.param("frei für Dienstagsausgaben", "de", at(8, 22), id="de: Tuesday's papers"),
        pytest.param("Nicht vor 22.10.2026, 11:30 Uhr verwenden", "de", at(22, 9, 30, month=10), id="de: not before"),
        pytest.param("Sperrfrist bis heute Abend (02.06.), 19.00 Uhr.", "de", at(2, 17), id="de: this evening"),
        pytest.param("Sperrfrist morgen früh 6 Uhr", "de", at(3, 4), id="de: tomorrow morning"),
        pytest.param("Sperrfrist 12.00 Uhr MEZ am 3. Juni", "de", at(3, 11), id="de: zone as written"),
        pytest.param("Sperrfrist 24.00 Uhr", "de", at(2, 22), id="de: 24 o'clock"),
        pytest.param("Sperrfrist: Mitternacht", "de", at(2, 22), id="de: midnight"),
        pytest.param("EMBARGOED UNTIL 0001 GMT WEDNESDAY JUNE 3", "en", at(3, 0, 1), id="en: capitals"),
        pytest.param("EMBARGOED UNTIL JUNE 3 2000 GMT", "en", at(3, 20), id="en: a time and no year"),
        pytest.param("EMBARGOED UNTIL 2000 SUNDAY", "en-GB", at(7, 19), id="en: no year either"),
        pytest.param("Embargoed until 10:00 a.m. ET on June 3, 2026", "en", at(3, 14), id="en: ET is in summer, too"),
        pytest.param("Embargoed to 0001 Monday 8 June", "en-GB", at(7, 23, 1), id="en: London"),
        pytest.param("until 12:01 a.m. EDT Friday, Jan. 4", "en", at(4, 4, 1, month=1, year=2027), id="en: next year"),
        pytest.param("Hold for release until 6 p.m. EDT Sunday", "en", at(7, 22), id="en: weekday behind"),
        pytest.param("Hold for release till noon", "en-US", at(2, 16), id="en: noon"),
        pytest.param("Embargoed until 00.01 BST, June 3", "en", at(2, 23, 1), id="en: a point"),
        pytest.param("Embargoed until midnight Sunday", "en-GB", at(7, 23), id="en: midnight ends a day"),
        pytest.param("Embargoed until June 5", "en-GB", at(4, 23), id="en: a day begins"),
        pytest.param("Embargoed until 03/06/2026 06:00 GMT", "en", at(3, 6), id="en: day first"),
        pytest.param("Embargoed until 6/3/2026 6 am", "en-US", at(3, 10), id="en: month first"),
        pytest.param("Embargoed until 2026-06-05T10:00:00+02:00", "en", at(5, 8), id="ISO 8601"),
        pytest.param("Embargoed until 2026-06-05 10:00 Asia/Tokyo", "en", at(5, 1), id="zone by its place"),
        pytest.param("Embargoed until 10:00 on Friday GMT+2", "en", at(5, 8), id="an offset apart"),
        pytest.param("sous embargo jusqu'au 3 juillet à 18h00", "fr", at(3, 16, month=7), id="fr: day and month"),
        pytest.param("embargo jusqu'au mercredi 3 juin, 6 heures", "fr", at(3, 4), id="fr: heures"),
        pytest.param("Embargo hasta el 8 de junio a las 18:00 horas", "es-ES", at(8, 16), id="es"),
        pytest.param("embargo tot maandag 12.00 uur", "nl", at(8, 10), id="nl"),
        pytest.param("Embargo: 18:00", "xx", at(2, 18), id="a language of no place is UTC"),
        pytest.param("Embargo: 18:00", None, at(2, 22), id="no language, London or New York"),
        pytest.param("Sperrfrist: 18:00", None, at(2, 16), id="no language, but German words"),
        pytest.param("embargo jusqu'à 18h00 mercredi", None, at(3, 16), id="no language, but French words"),
        pytest.param("Embargo hasta las 18:00", "es", at(3, 0), id="Madrid or Mexico"),
        pytest.param("EMBARGOED UNTIL 0001 FRIDAY", "en", at(5, 4, 1), id="en: London or New York"),
        pytest.param("Embargoed until 2 Nov 2026 6 pm", "en-US", at(2, 23, month=11), id="en: after summer time"),
        pytest.param("Embargoed until Nov. 1, 2026, 1:30 a.m.", "en-US", at(1, 6, 30, month=11), id="shown twice"),
        pytest.param("STRICTLY EMBARGOED. Not before 12noon Friday.", "en-GB", at(5, 11), id="in the next sentence"),
        pytest.param("UNTIL 0001 GMT WEDNESDAY. The report of 3 July", "en", at(3, 0, 1), id="not in the next one"),
        pytest.param("Sperrfrist 1. Juni, 18 Uhr", "de", at(1, 16), id="just past is past"),
        pytest.param("Embargo até 18 horas de 3 de junho", None, at(3, 21), id="Portuguese by its words"),
    ],
)
def test_the_end_of_an_embargo_in_prose(clause: str, language: str | None, until: datetime) -> None:
    assert embargo_end(clause, after=MADE, language=language) == until


@pytest.mark.parametrize(
    ("language", "offset", "until"),
    [
        pytest.param("en", 60, at(2, 17), id="London in summer"),
        pytest.param("en", -240, at(2, 22), id="New York in summer"),
        pytest.param("en", -420, at(3, 1), id="another zone"),
        pytest.param("en", 0, at(2, 22), id="UTC says nothing"),
        pytest.param("es", 120, at(2, 16), id="Madrid"),
        pytest.param(None, 330, at(2, 12, 30), id="no language"),
    ],
)
def test_the_zone_of_other_times_decides(language: str | None, offset: int, until: datetime) -> None:
    assert embargo_end("Embargo: 18:00", after=MADE, language=language, offset=offset) == until


@pytest.mark.parametrize(
    "clause",
    [
        pytest.param("Embargoed until further notice", id="no time"),
        pytest.param("Sperrfrist 3. Juni 2028, 12 Uhr", id="too far"),
        pytest.param("Sperrfrist 31.02.2027", id="no day"),
        pytest.param("Embargoed until 6", id="a number"),
        pytest.param("Embargoed until 2030", id="a year"),
    ],
)
def test_unreadable_prose_has_no_end(clause: str) -> None:
    assert embargo_end(clause, after=MADE, language="de") is None


def test_without_a_creation_time_only_full_dates_are_read() -> None:
    assert embargo_end("Sperrfrist Montag 18 Uhr", after=None, language="de") is None
    assert embargo_end("Sperrfrist 3. Juni, 18 Uhr", after=None, language="de") is None
    assert embargo_end("Sperrfrist 3. Juni 2026, 18 Uhr", after=None, language="de") == at(3, 16)


PARTS = st.sampled_from(
    "until bis 24.12. 31.2. 29.2. 0001 2400 18 Uhr 12:61 99.99 GMT ET +25:00 A/B June 3 2020 Montag noon".split()
)


@given(
    st.text() | st.lists(PARTS).map(" ".join),
    st.datetimes(timezones=st.just(UTC)) | st.none(),
    st.none() | st.sampled_from(["de", "en-US", "x"]),
)
def test_any_text_has_an_end_or_none(clause: str, after: datetime | None, language: str | None) -> None:
    until = embargo_end(clause, after=after, language=language)

    assert until is None or until.utcoffset() == timedelta(0)
    assert until is None or after is None or until - after <= LONGEST_EMBARGO
