"""Plausible dates: publishers' clocks may be minutes ahead, or plainly wrong."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ingestd.model.article import Article
from ingestd.model.feed import Entry

#: A date may be this far ahead of `now`: time zones get lost, and papers carry the date of the day they come out.
AHEAD = timedelta(days=1)

#: Earlier times mean "no date": programs write 1 January of the year 1 (Go's zero time) in any zone.
_ZERO_TIME = datetime(1, 1, 2, tzinfo=UTC)


def plausible(when: datetime | None, now: datetime) -> datetime | None:
    """Return `when` if it is plausible at the time `now`, else None."""
    return when if when and _ZERO_TIME < when <= now + AHEAD else None


def entry_with_plausible_dates(entry: Entry, now: datetime) -> Entry:
    """Return an entry without its implausible dates."""
    published, updated = plausible(entry.published, now), plausible(entry.updated, now)
    if (published, updated) == (entry.published, entry.updated):
        return entry
    return replace(
        entry,
        published=published,
        updated=updated,
        published_precision=entry.published_precision if published else None,
        updated_precision=entry.updated_precision if updated else None,
    )


def article_with_plausible_dates(article: Article, now: datetime) -> Article:
    """Return an article without its implausible dates."""
    first, version = plausible(article.firstcreated, now), plausible(article.versioncreated, now)
    if (first, version) == (article.firstcreated, article.versioncreated):
        return article
    precision = article.date_precision if first or version else None
    return replace(article, firstcreated=first, versioncreated=version, date_precision=precision)
