"""Updates of `sources` after a poll or a push: next due time, validators, condition, pace."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, bindparam, case, func, literal_column, null, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import Gone
from ingestd.model.source import Source
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.polls.source_rows import hints_as_json
from ingestd.store.polls.source_warnings import warnings_as_json
from ingestd.store.schema.tables import sources
from ingestd.store.statements import execute_for_all


async def update_after_polls(connection: AsyncConnection, poll_results: Sequence[PollResult]) -> None:
    """Update the sources of poll results.

    The caller has locked the sources and found that the claims of all results are current (`poll_claims`).
    """
    polled = [poll for poll in poll_results if poll.outcome != "pushed"]
    for statement, rows in (
        (_AFTER_POLL, [_values_after_poll(poll) for poll in polled if not _is_as_before(poll)]),
        (_AS_BEFORE, [_values_as_before(poll) for poll in polled if _is_as_before(poll)]),
        (_AFTER_PUSH, [_values_after_push(poll) for poll in poll_results if poll.outcome == "pushed"]),
    ):
        await execute_for_all(connection, statement, rows)


def _flag(name: str) -> ColumnElement[bool]:
    return bindparam(name, type_=Boolean()) == true()


_CLAIMED = sources.c.id == bindparam("source_id")

_QUIET_SINCE = case((_flag("has_news"), null()), else_=sources.c.quiet_since)

# Not from the claim: what was erased meanwhile must not come back.
_WARNINGS = case(
    (_flag("is_warned"), bindparam("warnings_", type_=sources.c.warnings.type)),
    (_flag("keeps_warnings"), sources.c.warnings),
    else_=null(),
)

_AFTER_POLL = (
    update(sources)
    .where(_CLAIMED)
    .values(
        # A source paused or removed during the poll stays so.
        state=case((_flag("gone") & (sources.c.state == "active"), "gone"), else_=sources.c.state),
        due_at=bindparam("due"),
        run_id=case((_flag("keeps_claim"), sources.c.run_id), else_=null()),
        last_result=bindparam("result"),
        etag=bindparam("etag_"),
        last_modified=bindparam("last_modified_"),
        body_hash=bindparam("body_hash_"),
        failures=bindparam("failures_"),
        condition=bindparam("condition_"),
        last_polled_at=bindparam("at"),
        last_success_at=bindparam("succeeded"),
        last_read_at=bindparam("read"),
        last_new_at=bindparam("new_"),
        watched_since=func.coalesce(sources.c.watched_since, bindparam("succeeded")),
        quiet_since=_QUIET_SINCE,
        last_error=bindparam("last_error_"),
        hints=bindparam("hints_", type_=sources.c.hints.type),
        arrivals=bindparam("arrivals_"),
        observed=bindparam("observed_"),
        squares=bindparam("squares_"),
        window=bindparam("window_"),
        full_answer_at=bindparam("full_answer"),
        distrusted_until=bindparam("distrusted"),
        warnings=_WARNINGS,
        cursor=bindparam("cursor_"),
        cursor_kind=bindparam("cursor_kind_"),
        moved_to=bindparam("moved_to_"),
        same_as=case((_flag("redirected"), sources.c.same_as), else_=null()),
        moved_seen=bindparam("moved_seen_"),
        title=func.coalesce(sources.c.title, bindparam("title_")),
        home=func.coalesce(bindparam("home_"), sources.c.home),
    )
)  # fmt: skip

# A poll that found everything as the one before: three quarters of the values above are those that the row has, and to
# bind them takes most of the time of such an update.
_AS_BEFORE = (
    update(sources)
    .where(_CLAIMED)
    .values(
        due_at=bindparam("due"),
        run_id=null(),
        last_result=bindparam("result"),
        failures=literal_column("0"),
        condition=literal_column("'ok'"),
        last_polled_at=bindparam("at"),
        last_success_at=bindparam("at"),
        watched_since=func.coalesce(sources.c.watched_since, bindparam("at")),
        last_error=null(),
        arrivals=bindparam("arrivals_"),
        observed=bindparam("observed_"),
        squares=bindparam("squares_"),
        cursor=null(),
        cursor_kind=null(),
        moved_to=null(),
        moved_seen=literal_column("0"),
        same_as=null(),
    )
)

# A push only brings new entries; validators, hints and the window stay those of the last poll.
_AFTER_PUSH = (
    update(sources)
    .where(_CLAIMED)
    .values(
        run_id=case((_flag("keeps_claim"), sources.c.run_id), else_=null()),
        last_result=bindparam("result"),
        last_new_at=bindparam("new_"),
        quiet_since=_QUIET_SINCE,
        arrivals=bindparam("arrivals_"),
        observed=bindparam("observed_"),
        squares=bindparam("squares_"),
        warnings=_WARNINGS,
    )
)  # fmt: skip


def _is_as_before(poll: PollResult) -> bool:
    """Return whether `_AS_BEFORE` saves all of a poll."""
    source = poll.source
    return (
        poll.outcome in ("not_modified", "unchanged")
        and poll.warnings is None
        and not (poll.failures or poll.is_full_answer or poll.unmasks_304s or poll.keeps_claim)
        and not (poll.is_next_page or poll.cursor or poll.moved_to or poll.title or poll.home)
        and poll.condition == "ok"
        and poll.window is None
        and poll.body_hash == source.body_hash
        and poll.validators == source.validators
        and poll.hints == source.hints
    )


def _values_as_before(poll: PollResult) -> dict[str, Any]:
    pace = poll.pace or poll.source.pace
    return {
        "source_id": poll.source.id,
        "due": poll.due_at,
        "result": poll.id,
        "at": poll.at,
        "arrivals_": pace.arrivals if pace else None,
        "observed_": pace.hours if pace else None,
        "squares_": pace.squares if pace else None,
    }


def _values_after_push(poll: PollResult) -> dict[str, Any]:
    pace = poll.pace or poll.source.pace
    return {
        "source_id": poll.source.id,
        "result": poll.id,
        "new_": poll.at if poll.new else poll.source.last_new_at,
        "has_news": bool(poll.new),
        "keeps_claim": poll.keeps_claim,
        "arrivals_": pace.arrivals if pace else None,
        "observed_": pace.hours if pace else None,
        "squares_": pace.squares if pace else None,
        "is_warned": bool(poll.warnings),
        "keeps_warnings": poll.warnings is None,
        "warnings_": warnings_as_json(poll.warnings or ()),
    }


def _values_after_poll(poll: PollResult) -> dict[str, Any]:
    failure, source = poll.failure, poll.source
    return _values_after_push(poll) | {
        # The second HTTP 410 in a row; a local failure in between keeps `maybe_gone` but confirms nothing.
        "gone": source.maybe_gone and failure is not None and failure.error == Gone.__name__,
        "due": poll.due_at,
        "etag_": poll.validators.etag,
        "last_modified_": poll.validators.last_modified,
        "body_hash_": poll.body_hash,
        "failures_": poll.failures,
        "condition_": poll.condition,
        "at": poll.at,
        "succeeded": poll.at if poll.succeeded else source.last_success_at,
        "read": poll.at if poll.listed else source.last_read_at,
        "full_answer": poll.at if poll.is_full_answer else source.full_answer_at,
        "distrusted": poll.distrusted_until,
        "last_error_": f"{failure.error}: {failure.message}" if failure else None,
        "hints_": hints_as_json(poll.hints),
        "window_": source.window if poll.window is None else poll.window,
        "cursor_": poll.cursor.url if poll.cursor else None,
        "cursor_kind_": poll.cursor.kind if poll.cursor else None,
        "redirected": poll.moved_to is not None or failure is not None or poll.is_next_page,
        "moved_to_": None if poll.has_moved else poll.moved_to,
        "moved_seen_": 0 if poll.has_moved else poll.moved_seen,
        "title_": poll.title,
        "home_": poll.home,
    }


async def release_drop_folder(
    connection: AsyncConnection, source: Source, run_id: str, *, at: datetime, due_at: datetime | None
) -> None:
    """Release a claimed drop folder that was read successfully, even if it was empty."""
    values = {
        "run_id": None,
        "due_at": due_at,
        "failures": 0,
        "condition": "ok",
        "last_error": None,
        "last_polled_at": at,
        "last_success_at": at,
        "watched_since": func.coalesce(sources.c.watched_since, at),
    }
    c = sources.c
    claimed = (c.id == source.id) & (c.run_id == run_id) & (c.claims == source.claim)
    await connection.execute(update(sources).where(claimed).values(values))
