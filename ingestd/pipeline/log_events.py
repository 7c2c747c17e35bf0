"""Log the results of polls and the outcomes of entries, one event each."""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from ingestd.errors import IngestError
from ingestd.model.source import SeenWarning, Source
from ingestd.policy.polling.document_warnings import news
from ingestd.policy.wire.versions import received_version
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.records.outcomes import Carried, EntryOutcome, Failed, RevisitFailed, Saved, Unwrapped
from ingestd.times import iso
from ingestd.urls import without_userinfo

log = structlog.get_logger(__name__)


def log_poll(poll: PollResult, *, state: str, next_at: datetime | None) -> None:
    """Log the result of a poll; `state` and `next_at` say whether and when the source is polled again."""
    source = without_userinfo(poll.source.url)
    seconds = round(poll.seconds, 3)
    if poll.failure:
        log.warning(
            "poll failed", source=source, error=poll.failure.error, message=poll.failure.message,
            attempt=poll.failure.attempt, next=iso(next_at and max(next_at, datetime.now(UTC))),
            **({} if next_at else {"state": state}),
        )  # fmt: skip
    elif poll.listed is None:
        log.debug("polled", source=source, outcome=poll.outcome, seconds=seconds)
    else:
        log.info(
            "polled", source=source, listed=poll.listed, new=len(poll.new), changed=len(poll.changed), seconds=seconds
        )


def log_restart(source: Source, error: IngestError) -> None:
    """Log that a server refused the cursor of a paginated list, so that the list is read from its beginning."""
    log.warning("cursor refused, starting over", source=without_userinfo(source.url), reason=str(error))


def log_document_warnings(source: Source, warnings: Sequence[SeenWarning], *, unmasks_304s: bool = False) -> None:
    """Log what is new in the warnings of a source, or that it has none any more; `source` is as it was before."""
    if not (source.warnings or warnings or unmasks_304s):
        return
    url = without_userinfo(source.url)
    if found := news(source.warnings, warnings):
        log.warning("document has defects", source=url, warnings=list(found))
    elif source.warnings and not warnings:
        log.info("document has no defects any more", source=url)
    if unmasks_304s:
        log.warning(
            "the server answered 304 although it had new entries; its validators are not sent for a month", source=url
        )


def log_foreign_page(source: Source, url: str) -> None:
    """Log that the next page of a list is not requested, because it is of an origin for which no login is set."""
    log.warning("next page not followed, it is of another origin", source=without_userinfo(source.url), next=url)


def log_outcome(outcome: EntryOutcome) -> None:
    """Log the outcome of an entry."""
    if isinstance(outcome, Failed):
        failure = outcome.failure
        event = "entry failed" if outcome.retry_at else "entry quarantined"
        log.warning(
            event, url=failure.url, stage=failure.stage, error=failure.error, message=failure.message,
            attempt=failure.attempt,
        )  # fmt: skip
    elif isinstance(outcome, Saved):
        log.info("saved", url=outcome.url and without_userinfo(outcome.url), headline=outcome.article.headline)
    elif isinstance(outcome, Carried):
        url = outcome.work.entry.link
        log.info("carried", url=url and without_userinfo(url), record=outcome.record_id)
    elif isinstance(outcome, Unwrapped):
        # The path of a URL often spells the headline, which may be embargoed.
        usable = all(received_version(one, 0, outcome.at).pubstatus == "usable" for one in outcome.versions)
        log.info("unwrapped", url=without_userinfo(outcome.url) if usable else None, items=len(outcome.versions))
    elif isinstance(outcome, RevisitFailed):
        _log_missed(outcome)
    else:
        log.debug("unchanged", entry=outcome.work.id)


def _log_missed(outcome: RevisitFailed) -> None:
    url = outcome.work.entry.link and without_userinfo(outcome.work.entry.link)
    if outcome.failure is None:
        log.info("page gone", url=url, status=int(outcome.visits.gone or 0) or None)
    else:
        log.info("revisit failed", url=url, error=outcome.failure.error, message=outcome.failure.message)
