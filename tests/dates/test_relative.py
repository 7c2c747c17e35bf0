import pytest

from ingestd.dates.relative import says_how_long_ago
from tests.dates import relative


def test_the_phrases_are_those_of_cldr() -> None:
    assert relative.FILE.read_text(encoding="utf-8") == relative.text(relative.table())


@pytest.mark.parametrize(
    "line",
    [
        "vor 12 Min.",
        "vor 3 Stunden",
        "hace 5 minutos",
        "3時間前",
        "il y a 5 min",
        "há 5 minutos",
        "5 minuti fa",
        "an hour ago",
        "5 minuten geleden",
        "för 3 timmar sedan",
        "5 minuuttia sitten",
        "2 godziny temu",
        "před 5 minutami",
        "5 минут назад",
        "5 dakika önce",
        "5분 전",
        "לפני 5 דקות",
        "۵ دقیقه پیش",
        "5 मिनट पहले",
        "5 phút trước",
        "πριν από 5 λεπτά",
        "قبل ساعتين",
    ],
)
def test_lines_that_say_how_long_ago(line: str) -> None:
    assert says_how_long_ago(line)
    assert says_how_long_ago(f"({line})")
    assert says_how_long_ago(f"xxx {line}", labelled=True)


@pytest.mark.parametrize(
    "line",
    [
        "5 days",
        "In 5 minutes",
        "Open for 24 hours",
        "5 km",
        "5 min",
        "2024",
        "Closed 5 days ago.",
        "",
        "one",
        "The bridge was closed 5 days ago",
        "vor 5 Jahren begann der Bau der Brücke",
        "за 5 мин",
    ],
)
def test_other_lines(line: str) -> None:
    assert not says_how_long_ago(line, labelled=True)
