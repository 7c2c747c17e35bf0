from datetime import UTC, datetime, timedelta

import pytest

from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.policy.articles.plausible_dates import (
    AHEAD,
    article_with_plausible_dates,
    entry_with_plausible_dates,
    plausible,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("when", "is_plausible"),
    [
        (None, False),
        (NOW, True),
        (NOW + AHEAD, True),
        (NOW + AHEAD + timedelta(seconds=1), False),
        (NEVER, False),
        (datetime(1851, 9, 18, tzinfo=UTC), True),
        (datetime(1, 1, 1, tzinfo=UTC), False),
    ],
)
def test_a_date_is_plausible_up_to_a_day_ahead(when: datetime | None, is_plausible: bool) -> None:
    assert plausible(when, NOW) == (when if is_plausible else None)


def test_only_implausible_dates_are_removed() -> None:
    entry = Entry(guid="1", headline="T", published=NEVER, updated=NOW)
    article = Article(headline="T", body_text="x", firstcreated=NOW, versioncreated=NEVER, date_precision="minute")

    assert entry_with_plausible_dates(entry, NOW) == Entry(guid="1", headline="T", updated=NOW)
    assert article_with_plausible_dates(article, NOW).versioncreated is None
    assert article_with_plausible_dates(article, NOW).date_precision == "minute"
    assert article_with_plausible_dates(Article(headline=None, body_text="x", firstcreated=NEVER,
                                               date_precision="day"), NOW).date_precision is None  # fmt: skip
    assert entry_with_plausible_dates(entry_with_plausible_dates(entry, NOW), NOW).updated == NOW
