"""Build the result of a poll: from the head of a reply, from an unchanged or a parsed document, or from an error."""

from dataclasses import replace
from datetime import datetime

from ingestd.errors import Gone, IngestError, Refused, Throttled
from ingestd.model.feed import CUT_OFF
from ingestd.model.reply import Reply
from ingestd.model.source import NO_VALIDATORS, Pace, Source
from ingestd.model.timing import Timing
from ingestd.pipeline.compare import (
    hints_after_unchanged,
    overlap_of,
    pace_after_document,
    pick_entries,
    seconds_since_read,
)
from ingestd.pipeline.known_documents import ReadDocument
from ingestd.pipeline.poll_schedule import AFTER_LOCAL_FAILURE, due_after, seconds_to_next_poll
from ingestd.policy.polling.overlap import may_have_lost
from ingestd.policy.polling.pace import pace_after
from ingestd.policy.polling.withdrawal import settled_at
from ingestd.store.operations.failures import failure_of, stage_of
from ingestd.store.polls.poll_result import PollCondition, PollResult
from ingestd.urls import copy_userinfo, may_identify

#: Consecutive polls that must see the same permanent redirect before the source's URL changes: some redirects are
#: mistakes that the server soon corrects.
REDIRECTS_TO_BELIEVE = 3


def head_result(source: Source, reply: Reply, at: datetime, *, run_id: str) -> PollResult:
    """Return a result with the status, validators and redirects of a reply, before its body is read."""
    moved_to, sightings = reply.permanent, 0
    if reply.permanent:
        sightings = source.moved_seen + 1 if reply.permanent == source.moved_to else 1
    moves = sightings >= REDIRECTS_TO_BELIEVE and may_identify(reply.permanent or "")
    validators = reply.validators
    if moved_to and moves:
        moved_to = copy_userinfo(source.url, moved_to)
        # Only the validators of the new address count, if that is the one that responded.
        validators = reply.final_validators if reply.permanent == reply.final_url else NO_VALIDATORS
    return PollResult(
        source=source,
        run_id=run_id,
        at=at,
        seconds=0.0,
        outcome="known",
        due_at=at,
        validators=validators,
        status=reply.status,
        size=len(reply.body),
        is_full_answer=not reply.has_no_document,
        moved_to=moved_to,
        moved_seen=sightings,
        has_moved=moves,
    )


def complete_unchanged(poll: PollResult, source: Source, reply: Reply) -> None:
    """Complete the result of a reply whose document has not changed."""
    poll.outcome = "not_modified" if reply.not_modified else "unchanged"
    poll.body_hash = source.body_hash
    poll.pace = pace_after(source.pace or Pace(), new=0, elapsed=seconds_since_read(source, poll.at))
    poll.hints = hints_after_unchanged(source, reply)


def complete_parsed(
    poll: PollResult,
    source: Source,
    reply: Reply,
    document: ReadDocument,
    *,
    new_before: int,
) -> None:
    """Complete the result of a reply whose document was parsed.

    `new_before` is the number of new entries on earlier pages of the same poll.
    """
    parsed, known = document.parsed, document.known
    feed = parsed.feed
    if CUT_OFF in feed.warnings:
        # A 304 to the next request would leave the rest of the document unread.
        poll.validators = NO_VALIDATORS
    poll.hints = replace(feed.hints, fresh_for=reply.fresh_for)
    poll.title, poll.home = feed.title, feed.home
    poll.hub, poll.topic = reply.hub or feed.hub, reply.topic or feed.topic
    poll.older = feed.prev_archive or feed.next_page
    pick_entries(poll, document)
    overlap = overlap_of(source, known, listed=parsed.listed)
    poll.outcome = "new" if poll.new or poll.changed else "known"
    poll.overlap = overlap.shared
    poll.settled_at = settled_at((entry.first_seen_at for entry in known.values()), listed=parsed.listed)
    poll.may_have_lost = may_have_lost(overlap, window=source.window)
    poll.window = parsed.listed or None
    poll.pace = pace_after_document(source, parsed, poll.at, new=new_before + len(poll.new))
    poll.document_warnings = feed.warnings


def failed_result(source: Source, at: datetime, error: IngestError, *, run_id: str, timing: Timing) -> PollResult:
    """Return the result of a failed poll; a local failure does not count as a failure of the source."""
    streak = source.failures + (0 if error.local else 1)
    poll = PollResult(
        source=source,
        run_id=run_id,
        at=at,
        seconds=0.0,
        outcome="failed",
        due_at=at,
        # These still describe the last document that was read.
        validators=source.validators,
        body_hash=source.body_hash,
        hints=source.hints,
        cursor=source.cursor,
        status=error.status if isinstance(error, Refused) else None,
        failure=failure_of(
            error,
            stage=stage_of(error, of_document=True),
            at=at,
            attempt=max(1, streak),
            url=source.url,
            source_id=source.id,
        ),
        failures=streak,
        condition=_condition(source, error),
        moved_to=source.moved_to,
        moved_seen=source.moved_seen,
    )
    wait = seconds_to_next_poll(poll, timing, source)
    if error.local:
        poll.due_at = due_after(poll, min(AFTER_LOCAL_FAILURE, wait), timing, failures=1)
    else:
        retry_after = error.retry_after if isinstance(error, Refused) else None
        poll.due_at = due_after(poll, wait, timing, failures=streak, retry_after=retry_after)
    return poll


def _condition(source: Source, error: IngestError) -> PollCondition:
    """Return the condition of a source after an error; a local failure leaves it as it was."""
    if error.local:
        return "gone" if source.maybe_gone else "ok" if not source.failures else "failing"
    if isinstance(error, Throttled):
        return "throttled"
    return "gone" if isinstance(error, Gone) else "failing"
