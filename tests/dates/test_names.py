import pytest

from ingestd.dates import names
from tests.dates import cldr


def test_the_names_are_those_of_cldr() -> None:
    assert cldr.FILE.read_text(encoding="utf-8") == cldr.text(cldr.table())


@pytest.mark.parametrize(
    ("name", "number"),
    [("Janv.", 1), ("fevrier", 2), ("MÄRZ", 3), ("d’abril", 4), ("ΙΟΥΝΙΟΥ", 6), ("июля", 7), ("août", 8), ("Eylül", 9),
     ("أكتوبر", 10), ("اكتوبر", 10), ("KASIM", 11), ("ธ.ค.", 12), ("ביוני", 6), ("dag", None), ("Sat", None)],
)  # fmt: skip
def test_a_month_is_known_by_its_name_in_any_language(name: str, number: int | None) -> None:
    assert names.month_number(name) == number


@pytest.mark.parametrize(
    "name", ["Thurs", "MERCREDI", "Суббота", "土曜日", "segunda-feira", "Thứ Bảy", "יום שבת", "วันเสาร์"]
)
def test_a_weekday_is_known_by_its_name_in_any_language(name: str) -> None:
    assert names.is_weekday(name)
