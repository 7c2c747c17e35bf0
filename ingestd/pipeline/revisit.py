"""Evaluate a visit of a page: whether the article changed, and when the page is visited next."""

import random
from datetime import datetime, timedelta

from ingestd.errors import IngestError, Refused
from ingestd.model.article import Article
from ingestd.model.timing import Timing
from ingestd.policy.articles.revisits import Visits, gone_from_status, next_visit, story_date
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.records.outcomes import RevisitFailed, SameText
from ingestd.store.work.entries import ClaimedEntry
from ingestd.text import fold
from ingestd.workers.results import ExtractedArticle


def visits_after(work: ClaimedEntry, at: datetime, timing: Timing, article: Article | None = None) -> Visits:
    """Return the state of a page's visits after a visit that found it; `article` is its article, if extracted.

    Pages of a backfill are not revisited: they are old and rarely change.
    """
    next_at = None
    if work.backfill_id is None:
        next_at = _next_at(work, at, timing, article.firstcreated if article else None)
    return work.visits.found(at, is_revisit=work.known is not None, next_at=next_at)


def failed_visit(work: ClaimedEntry, at: datetime, timing: Timing, error: IngestError) -> RevisitFailed:
    """Return the outcome of a revisit that failed or found the page gone; the record stays unchanged.

    A local failure does not count as a visit, and the visit is retried after `revisit_first` at the latest.  After any
    other failure the next visit is due as usual.
    """
    gone = gone_from_status(error.status) if isinstance(error, Refused) else None
    next_at = _next_at(work, at, timing)
    if error.local:
        soon = at + timedelta(seconds=timing.revisit_first)
        visits = work.visits.postponed(min(next_at, soon) if next_at else soon)
    else:
        visits = work.visits.missed(at, gone=gone, next_at=next_at)
    failure = failure_of(
        error,
        stage=stage_of(error),
        at=at,
        attempt=1,
        url=work.entry.link,
        source_id=work.source_id,
        entry_id=work.id,
    )
    return RevisitFailed(work=work, at=at, visits=visits, failure=None if gone else failure)


def is_same(work: ClaimedEntry, extracted: ExtractedArticle, same_text: SameText | None = None) -> bool:
    """Return whether a revisited page still has the article of its record, so that there is nothing to store.

    `same_text` is what other rules extracted from a page with the same text.
    """
    known = work.known
    hashes = {extracted.content_hash, extracted.whole_hash, same_text.content_hash if same_text else None}
    if known is None or known.content_hash is None or known.content_hash not in hashes:
        return False
    headline = (same_text and same_text.headline) or extracted.article.headline
    return not (known.is_origin and headline and fold(headline) != fold(known.headline or ""))


def _next_at(work: ClaimedEntry, at: datetime, timing: Timing, firstcreated: datetime | None = None) -> datetime | None:
    firstcreated = firstcreated or (work.known.firstcreated if work.known else None)
    # The story was published no later than it was updated.
    published = work.entry.published or firstcreated or work.entry.updated
    return next_visit(
        at,
        story_date=story_date(work.first_seen_at or at, published),
        first=timing.revisit_first,
        until=timing.revisit_until,
        jitter=random.random(),  # noqa: S311 - spreads load, not for security
    )
