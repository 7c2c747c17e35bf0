"""Which dates are believed: publishers' clocks are wrong by minutes, or wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ingestd.model.article import Article
from ingestd.model.feed import Entry

#: A date may be this far ahead of us: zones get lost, and papers are dated the day they come out.
AHEAD = timedelta(days=1)

#: What programs write that have no date to tell (Go's zero time).
_NOTHING = datetime(1, 1, 2, tzinfo=UTC)


def believed(when: datetime | None, now: datetime) -> datetime | None:
    """Return a date, None where nothing can have happened then yet, or ever."""
    return when if when and _NOTHING < when <= now + AHEAD else None


def entry_with_plausible_dates(entry: Entry, now: datetime) -> Entry:
    """Return an entry with the dates that are believed."""
    published, updated = believed(entry.published, now), believed(entry.updated, now)
    if (published, updated) == (entry.published, entry.updated):
        return entry
    return replace(entry, published=published, updated=updated)


def article_with_plausible_dates(article: Article, now: datetime) -> Article:
    """Return an article with the dates that are believed."""
    first, this = believed(article.firstcreated, now), believed(article.versioncreated, now)
    if (first, this) == (article.firstcreated, article.versioncreated):
        return article
    precision = article.date_precision if first or this else None
    return replace(article, firstcreated=first, versioncreated=this, date_precision=precision)
