"""Saving the outcomes of entries: record, revision, carrier, event, raw bytes and the entry's state in one transaction.

A transaction saves many outcomes; `lock_records` lets only one such transaction run at a time.  The machines of a
cluster save side by side, and those alone whose outcomes meet.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.policy.articles.identity import Verdict
from ingestd.store.database import lock_records
from ingestd.store.operations import decisions, failures, sites
from ingestd.store.operations.decisions import Decision
from ingestd.store.records import entry_states, evidence, page_kills, purge, raws, sharing, wire_items
from ingestd.store.records.corrections import find_corrections
from ingestd.store.records.evidence import EntryEvidence
from ingestd.store.records.extraction import Extraction
from ingestd.store.records.outcome_claims import ClaimState, lock_claims
from ingestd.store.records.outcomes import (
    Carried,
    CommitResult,
    EntryOutcome,
    Failed,
    RevisitFailed,
    Saved,
    Unwrapped,
)
from ingestd.store.records.page_records import PageRecords
from ingestd.store.records.unit_of_work import UnitOfWork
from ingestd.store.records.wire_versions import IncomingVersion
from ingestd.store.work import shared_pages
from ingestd.times import iso
from ingestd.urls import with_fragment


async def save_outcomes(connection: AsyncConnection, found: Sequence[EntryOutcome]) -> list[CommitResult]:
    """Save outcomes; the caller commits the transaction, in which no other one saves records.

    An outcome is dropped if its run has lost the claim, but for its versions of wire items, whose order of arrival
    decides nothing.  Returns for each outcome what became of it.
    """
    if any(isinstance(outcome, Saved | Carried | Unwrapped) for outcome in found):
        await lock_records(connection)
    return await _save_locked(connection, found, is_shared=False)


async def save_side_by_side(connection: AsyncConnection, found: Sequence[EntryOutcome]) -> list[CommitResult]:
    """Save outcomes as `save_outcomes` does, on PostgreSQL, while other machines save theirs.

    Outcomes that meet those of another transaction, by text, address or record, are saved alone.
    """
    if not any(isinstance(outcome, Saved | Carried) for outcome in found) or any(map(_is_saved_alone, found)):
        return await save_outcomes(connection, found)
    done = await sharing.attempt(connection, lambda: _save_locked(connection, found, is_shared=True))
    if done is not None:
        return done
    done = await save_outcomes(connection, found)
    await sharing.raise_sequences(connection)  # after the numbers that were given out here: the next need not be alone
    return done


def _is_saved_alone(outcome: EntryOutcome) -> bool:
    """Return whether more than its own rows follows from an outcome: wire items, and headlines of kills."""
    return isinstance(outcome, Unwrapped) or bool(page_kills.words_of(outcome))


async def _save_locked(
    connection: AsyncConnection, found: Sequence[EntryOutcome], *, is_shared: bool
) -> list[CommitResult]:
    states = await lock_claims(connection, found)
    await _save(
        connection,
        [outcome for outcome, state in states if state in ("current", "changed") or isinstance(outcome, Unwrapped)],
        finished=[outcome for outcome, state in states if state == "current"],
        changed=[outcome for outcome, state in states if state == "changed"],
        is_shared=is_shared,
    )
    return [_RESULTS[state] for _, state in states]


_RESULTS: Mapping[ClaimState, CommitResult] = {
    "current": "saved", "changed": "saved", "lost": "lost", "uncompared": "uncompared",
}  # fmt: skip


async def _save(
    connection: AsyncConnection,
    outcomes: Sequence[EntryOutcome],
    *,
    finished: Sequence[EntryOutcome],
    changed: Sequence[EntryOutcome],
    is_shared: bool,
) -> None:
    decided = [_quarantine_decision(outcome) for outcome in outcomes if isinstance(outcome, Failed)]
    unwrapped = [outcome for outcome in outcomes if isinstance(outcome, Unwrapped)]
    record_ids: dict[int, int] = {}
    if unwrapped:
        await raws.add(connection, (outcome.raw for outcome in unwrapped), kind="page", now=unwrapped[0].at)
        record_ids = await wire_items.save_versions(
            connection, [one for outcome in unwrapped for one in _incoming_versions(outcome)]
        )
    pages = await _save_pages(connection, outcomes, is_shared=is_shared)
    of_items = dict(record_ids)
    record_ids |= pages.record_ids
    await page_kills.withhold(connection, outcomes, pages.record_ids)
    await entry_states.finish(connection, finished, record_ids)
    await entry_states.link(connection, changed, record_ids)
    await purge.forget_entries(connection, sorted(pages.purged))
    await purge.forget_purged(connection, of_items)
    shared = await shared_pages.share_failures(connection, list(_failed_pages(outcomes)))
    await decisions.add(connection, [*decided, *pages.decided])
    failed = [outcome.failure for outcome in outcomes if isinstance(outcome, Failed | RevisitFailed)]
    await failures.add(connection, [*failed, *failures.of_others(failed, shared)])
    await evidence.add(connection, map(_page_evidence, outcomes))
    if pages.unit_of_work:
        await pages.unit_of_work.write_events(connection)


@dataclass(slots=True)
class _SavedPages:
    """The records of entries with pages."""

    #: The record of each entry, by the entry's id.
    record_ids: dict[int, int] = field(default_factory=dict)
    decided: list[Decision] = field(default_factory=list)
    #: Entries whose record was purged: nothing of theirs is stored.
    purged: set[int] = field(default_factory=set)
    #: That of a transaction beside others, whose events are not written yet.
    unit_of_work: UnitOfWork | None = None


async def _save_pages(connection: AsyncConnection, outcomes: Sequence[EntryOutcome], *, is_shared: bool) -> _SavedPages:
    """Save the articles and carriers among outcomes."""
    saved = [outcome for outcome in outcomes if isinstance(outcome, Saved)]
    carried = [outcome for outcome in outcomes if isinstance(outcome, Carried)]
    done = _SavedPages()
    if not saved and not carried:
        return done
    uris = [uri for outcome in saved for uri in _addresses(outcome)]
    hashes = [name for outcome in saved for name in _hashes(outcome)]
    ids = [outcome.work.record_id for outcome in saved] + [outcome.record_id for outcome in carried]
    if is_shared:
        await sharing.lock_known(connection, uris=uris, hashes=hashes, ids=ids)
        done.unit_of_work = await UnitOfWork.share(connection, len(saved))
    page_records = await PageRecords.open(
        connection,
        uris=uris,
        hashes=hashes,
        ids=ids,
        fragments=[outcome.work for outcome in saved if outcome.fragment],
        unit_of_work=done.unit_of_work,
    )
    articles = {outcome.work.id: (outcome.work.record_id, outcome.article) for outcome in saved}
    corrections = await find_corrections(connection, articles)
    new_articles = []
    for outcome in saved:
        record_id, verdict = page_records.add(
            outcome.work,
            outcome.article,
            at=outcome.at,
            content_hash=outcome.content_hash,
            whole_hash=outcome.whole_hash,
            url=outcome.url,
            extraction=_extraction(outcome),
            same_text=outcome.same_text,
            index=outcome.index,
            corrects=outcome.work.id in corrections,
        )
        done.record_ids[outcome.work.id] = record_id
        if page_records.is_purged(record_id):
            done.purged.add(outcome.work.id)
        elif verdict != "same" or outcome.work.known is None:
            done.decided.append(_record_decision(outcome, verdict, record_id))
        if verdict == "new":
            new_articles.append((outcome.site, outcome.block_hashes))
    for one in carried:
        _carry(page_records, one, done)
    archived = (outcome.raw for outcome in saved if outcome.work.id not in done.purged)
    await raws.add(connection, archived, kind="page", now=outcomes[0].at)
    await page_records.flush(connection)
    await sites.add_articles(connection, new_articles, now=outcomes[0].at)
    return done


def _carry(page_records: PageRecords, outcome: Carried, done: _SavedPages) -> None:
    verdict = page_records.carry(outcome.work, outcome.record_id, at=outcome.at, url=outcome.work.entry.link)
    if verdict is not None:
        done.record_ids[outcome.work.id] = outcome.record_id
    if page_records.is_purged(outcome.record_id):
        done.purged.add(outcome.work.id)
    elif verdict == "carried":
        done.decided.append(_carrier_decision(outcome))


def _incoming_versions(outcome: Unwrapped) -> Iterator[IncomingVersion]:
    for version in outcome.versions:
        yield IncomingVersion(
            version=version,
            source_id=outcome.work.source_id,
            entry_id=outcome.work.id,
            at=outcome.at,
            raw=outcome.raw.sha256 if outcome.raw.stored_size else None,
            url=outcome.url,
        )


def _addresses(outcome: Saved) -> set[str]:
    uri = outcome.article.uri
    return {uri, with_fragment(uri, outcome.work.entry.link)} if uri else set()


def _hashes(outcome: Saved) -> Iterator[str]:
    yield from (outcome.content_hash, outcome.whole_hash)
    if outcome.same_text:
        yield outcome.same_text.content_hash


def _extraction(outcome: Saved) -> Extraction:
    return Extraction(
        entry_id=outcome.work.id,
        raw=outcome.raw.sha256 if outcome.raw and outcome.raw.stored_size else None,
        fragment=outcome.fragment,
        page_url=outcome.page_url,
        content_type=outcome.content_type,
        extractor=outcome.extractor,
        rules=outcome.rules,
    )


def _record_decision(outcome: Saved, verdict: Verdict, record_id: int) -> Decision:
    """Return the decision about the record of a saved entry."""
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


def _carrier_decision(outcome: Carried) -> Decision:
    reason = (
        f"record {outcome.record_id}: entry {outcome.entry_id} has fetched this address at {iso(outcome.visited_at)}"
    )
    return Decision(at=outcome.at, entry_id=outcome.work.id, stage="identity", verdict="carried", reason=reason)


def _failed_pages(outcomes: Iterable[EntryOutcome]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Yield the URL, the entry and its new state for each failed attempt to fetch or extract a page."""
    for outcome in outcomes:
        entry = outcome.work.entry
        if not isinstance(outcome, Failed) or entry.link is None or entry.body_html is not None or entry.payload:
            continue
        if outcome.failure.stage in ("fetch", "extract"):
            row = entry_states.finished_row(outcome, {})
            values = {"state": row["state_"], "attempts": row["attempts_"], "due_at": row["due"]}
            yield entry.link, outcome.work.id, values


def _page_evidence(outcome: EntryOutcome) -> EntryEvidence | None:
    """Return evidence that the page has gone or come back, or None."""
    before, work = outcome.work.visits, outcome.work
    now = before if isinstance(outcome, Failed) else outcome.visits
    if now.gone == before.gone:
        return None
    words = f"the page answered HTTP {now.gone}" if now.gone else f"the page is there again, after HTTP {before.gone}"
    return EntryEvidence(entry_id=work.id, kind=now.gone or "back", at=outcome.at, words=words)


def _quarantine_decision(outcome: Failed) -> Decision | None:
    if outcome.reason is None:
        return None
    stage, reason = outcome.reason
    verdict = "disallowed" if stage == "robots" else "quarantined"
    return Decision(at=outcome.at, entry_id=outcome.work.id, stage=stage, verdict=verdict, reason=reason)
