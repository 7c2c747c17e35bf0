"""What entries came to, committed whole: record, revision, carrier, event, raw bytes and the entry's own state.

One transaction takes many entries; `lock_records` makes it the only one of its kind.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.model.article import Article
from ingestd.model.source import NO_VALIDATORS, Validators
from ingestd.model.version import Version
from ingestd.policy.articles.identity import Verdict
from ingestd.policy.articles.revisits import NO_VISITS, Visits
from ingestd.store.database import lock_records
from ingestd.store.operations import decisions, failures, sites
from ingestd.store.operations.decisions import Decision, Stage
from ingestd.store.records import evidence, raws, wire_items
from ingestd.store.records.corrections import correcting
from ingestd.store.records.evidence import Sighting
from ingestd.store.records.page_records import PageRecords
from ingestd.store.records.recipe import Recipe
from ingestd.store.records.wire_versions import IncomingVersion
from ingestd.store.schema.tables import entries
from ingestd.store.work.entries import Work, announced, without_content


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """An entry whose article was extracted."""

    work: Work
    at: datetime
    article: Article
    content_hash: str
    #: The page's address; None where the entry has none.
    url: str | None
    #: Whether the article is the entry's own content, not a page.
    fragment: bool
    #: Where the page was, redirects followed, and its Content-Type header.
    page_url: str
    content_type: str | None
    #: The extractor in words, and the digest of its rules.
    extractor: str
    rules: str
    #: The hash of the text with its site's furniture; that site, empty where there is none; the text's marks.
    whole_hash: str
    site: str
    marks: tuple[int, ...]
    raw: raws.Kept | None = None
    #: Of the page, to ask with when the entry changes.
    validators: Validators = NO_VALIDATORS
    #: How its page's visits stand after this.
    visits: Visits = NO_VISITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Untouched:
    """An entry whose page is what it was: a 304, or on another visit the same text."""

    work: Work
    at: datetime
    #: None: those that it was asked with.
    validators: Validators | None = None
    visits: Visits = NO_VISITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwrapped:
    """An entry whose enclosure holds versions of wire items, in its order."""

    work: Work
    at: datetime
    url: str
    versions: tuple[Version, ...]
    raw: raws.Kept
    visits: Visits = NO_VISITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """An entry with a record, whose page was visited again and not found, or failed: the record stays as it is."""

    work: Work
    at: datetime
    visits: Visits
    #: None where the page is gone, which is no failure.
    failure: failures.Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """An entry that failed: to be tried again at `retry_at`, or given up where that is None, for `reason`."""

    work: Work
    at: datetime
    failure: failures.Failure
    retry_at: datetime | None
    #: Failures so far that were not ours.
    attempts: int
    #: The stage of the decision, and what it was decided by.
    reason: tuple[Stage, str] | None = None


Outcome = Saved | Unwrapped | Untouched | Missed | Failed


async def save(connection: AsyncConnection, outcomes: Sequence[Outcome]) -> None:
    """Commit what entries came to."""
    saved = [outcome for outcome in outcomes if isinstance(outcome, Saved)]
    of_record: dict[int, int] = {}
    made = [_given_up(outcome) for outcome in outcomes if isinstance(outcome, Failed)]
    unwrapped = [outcome for outcome in outcomes if isinstance(outcome, Unwrapped)]
    if saved or unwrapped:
        await lock_records(connection)
    if unwrapped:
        await raws.add(connection, (outcome.raw for outcome in unwrapped), now=unwrapped[0].at)
        of_record = await wire_items.keep(connection, [one for outcome in unwrapped for one in _arrivals(outcome)])
    if saved:
        page_records = await PageRecords.open(
            connection,
            uris=[outcome.article.uri for outcome in saved],
            hashes=[name for outcome in saved for name in (outcome.content_hash, outcome.whole_hash)],
            ids=[outcome.work.record_id for outcome in saved],
        )
        articles = {outcome.work.id: (outcome.work.record_id, outcome.article) for outcome in saved}
        corrects = await correcting(connection, articles)
        learned = []
        for outcome in saved:
            of_record[outcome.work.id], verdict = page_records.enter(
                outcome.work,
                outcome.article,
                at=outcome.at,
                content_hash=outcome.content_hash,
                whole_hash=outcome.whole_hash,
                url=outcome.url,
                recipe=_recipe(outcome),
                corrects=outcome.work.id in corrects,
            )
            if verdict != "same" or outcome.work.known is None:
                made.append(_entered(outcome, verdict, of_record[outcome.work.id]))
            if verdict == "new":
                learned.append((outcome.site, outcome.marks))
        await raws.add(connection, (outcome.raw for outcome in saved), now=saved[0].at)
        await page_records.close(connection)
        await sites.add_articles(connection, learned, now=saved[0].at)
    await _finish(connection, outcomes, of_record)
    await decisions.add(connection, made)
    await failures.add(connection, (outcome.failure for outcome in outcomes if isinstance(outcome, Failed | Missed)))
    await evidence.add(connection, map(_sighting, outcomes))


def _arrivals(outcome: Unwrapped) -> Iterator[IncomingVersion]:
    for version in outcome.versions:
        yield IncomingVersion(
            version=version,
            source_id=outcome.work.source_id,
            entry_id=outcome.work.id,
            at=outcome.at,
            raw=outcome.raw.sha256 if outcome.raw.stored_size else None,
            url=outcome.url,
        )


def _recipe(outcome: Saved) -> Recipe:
    return Recipe(
        entry_id=outcome.work.id,
        raw=outcome.raw.sha256 if outcome.raw and outcome.raw.stored_size else None,
        fragment=outcome.fragment,
        page_url=outcome.page_url,
        content_type=outcome.content_type,
        extractor=outcome.extractor,
        rules=outcome.rules,
    )


def _entered(outcome: Saved, verdict: Verdict, record_id: int) -> Decision:
    """Return what a saved entry became, and by which text."""
    why = {
        "new": "no record has its address or its text",
        "text": "the text at its address changed",
        "headline": "the headline changed",
        "carried": "the record has this text, or this address",
        "same": "nothing changed",
    }
    reason = f"record {record_id}: {why[verdict]}; text sha256 {outcome.content_hash}, "
    reason += f"by {outcome.extractor}, rules {outcome.rules}"
    return Decision(at=outcome.at, entry_id=outcome.work.id, stage="identity", verdict=verdict, reason=reason)


def _sighting(outcome: Outcome) -> Sighting | None:
    """Return what an outcome says of the page's being there, where that is news."""
    before, work = outcome.work.visits, outcome.work
    now = before if isinstance(outcome, Failed) else outcome.visits
    if now.gone == before.gone:
        return None
    words = f"the page answered HTTP {now.gone}" if now.gone else f"the page is there again, after HTTP {before.gone}"
    return Sighting(entry_id=work.id, kind=now.gone or "back", at=outcome.at, words=words)


def _given_up(outcome: Failed) -> Decision | None:
    if outcome.reason is None:
        return None
    stage, reason = outcome.reason
    verdict = "disallowed" if stage == "robots" else "given up"
    return Decision(at=outcome.at, entry_id=outcome.work.id, stage=stage, verdict=verdict, reason=reason)


# A result finishes its entry only while the run still has it: an entry that changed meanwhile, or was
# given to another run, stays pending.
_FINISH = (
    update(entries)
    .where(entries.c.id == bindparam("entry_id"), entries.c.run_id == bindparam("run"))
    .values(
        state=bindparam("state_"),
        attempts=bindparam("attempts_"),
        due_at=bindparam("due"),
        run_id=None,
        announced=bindparam("announced_"),
        record_id=bindparam("record"),
        etag=bindparam("etag_"),
        last_modified=bindparam("last_modified_"),
        visits=bindparam("visits_"),
        visited_at=bindparam("visited"),
        revisit_at=bindparam("revisit"),
        gone=bindparam("gone_"),
        gone_since=bindparam("gone_since_"),
    )
)


async def _finish(connection: AsyncConnection, outcomes: Iterable[Outcome], of_record: dict[int, int]) -> None:
    rows = [_finished_row(outcome, of_record) for outcome in outcomes]
    if rows:
        await connection.execute(_FINISH, rows)


def _finished_row(outcome: Outcome, of_record: dict[int, int]) -> dict[str, Any]:
    work = outcome.work
    failed = isinstance(outcome, Failed)
    validators = (outcome.validators if isinstance(outcome, Saved | Untouched) else None) or work.validators
    visits = work.visits if isinstance(outcome, Failed) else outcome.visits
    entry = work.entry if failed else without_content(work.entry)
    state = "done"
    if isinstance(outcome, Failed):
        state = "quarantined" if outcome.retry_at is None else "pending"
    return {
        "entry_id": work.id,
        "run": work.run_id,
        "state_": state,
        "attempts_": outcome.attempts if isinstance(outcome, Failed) else 0,
        "due": (outcome.retry_at if isinstance(outcome, Failed) else None) or outcome.at,
        "announced_": announced(entry),
        "record": of_record.get(work.id, work.record_id),
        "etag_": validators.etag,
        "last_modified_": validators.last_modified,
        "visits_": visits.count,
        "visited": visits.last_at,
        "revisit": visits.next_at,
        "gone_": visits.gone,
        "gone_since_": visits.gone_since,
    }
