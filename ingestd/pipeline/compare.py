"""Compare a document with the state of its source: new and changed entries, pace, and overlap with the previous."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from ingestd.model.reply import Reply
from ingestd.model.source import Hints, Pace, Source
from ingestd.model.text_references import is_by_reference
from ingestd.pipeline.known_documents import ReadDocument
from ingestd.pipeline.read import listed_entries
from ingestd.policy.polling.novelty import pick
from ingestd.policy.polling.overlap import Overlap
from ingestd.policy.polling.pace import first_pace, pace_after
from ingestd.store.polls.known_entries import KnownEntry
from ingestd.store.polls.known_items import ListedItem, check_of
from ingestd.store.polls.poll_result import ListedEntry, PollResult
from ingestd.workers.results import ParsedFeed


def seconds_since_read(source: Source, at: datetime) -> float:
    """Return the seconds since the last successful poll or push; 0 if there was none or the clock was set back."""
    times = [time for time in (source.last_success_at, source.last_new_at) if time]
    return max(0.0, (at - max(times)).total_seconds()) if times else 0.0


def hints_after_unchanged(source: Source, reply: Reply) -> Hints:
    """Return the hints of an unchanged document; a 304 or 204 without freshness keeps the last one."""
    # For 304: RFC 9111, 4.3.4.
    keeps_freshness = reply.has_no_document and reply.fresh_for is None
    is_same = keeps_freshness or reply.fresh_for == source.hints.fresh_for
    return source.hints if is_same else replace(source.hints, fresh_for=reply.fresh_for)


def pace_after_document(source: Source, parsed: ParsedFeed, at: datetime, *, new: int) -> Pace:
    """Return a source's pace after a document with `new` new entries; for the first document, from its dates."""
    if source.pace is None or source.last_success_at is None:
        return first_pace((entry.published or entry.updated for entry in parsed.feed.entries), at)
    return pace_after(source.pace, new=new, elapsed=seconds_since_read(source, at))


def known_after(poll: PollResult, known: Mapping[str, KnownEntry]) -> dict[str, KnownEntry]:
    """Return the new and changed entries of a poll as the database will know them after the commit, by guid."""
    after = {}
    for item in (*poll.new, *poll.changed):
        before = known.get(item.entry.guid)
        first = before.first_seen_at if before else poll.at
        after[item.entry.guid] = KnownEntry(
            id=before.id if before else None, fingerprint=item.fingerprint, first_seen_at=first, last_seen_at=poll.at
        )
    return after


def pick_entries(poll: PollResult, document: ReadDocument) -> None:
    """Add the new, changed and known entries of a document to a poll result."""
    parsed, known = document.parsed, document.known
    listed = listed_entries(parsed)
    by_guid = {item.entry.guid: item for item in reversed(listed)}
    before = {guid: entry.fingerprint for guid, entry in known.items()}
    picked = pick(((item.entry, item.fingerprint) for item in listed), before)
    poll.listed, poll.known = parsed.listed, picked.known + len(document.skipped)
    poll.new = tuple(by_guid[entry.guid] for entry in picked.new)
    poll.changed = tuple(by_guid[entry.guid] for entry in picked.changed)
    # With its known fingerprint a wire item is no new version; with any other it may be a newer or an older one.
    poll.versions = tuple(item for item in listed if item.version and before.get(item.entry.guid) != item.fingerprint)
    again = {guid: known[guid] for guid in (*document.skipped.values(), *by_guid) if guid in known}
    poll.seen_again = {guid: entry.id for guid, entry in again.items()}
    poll.seen_in_backfill = tuple(one.id for one in again.values() if one.waits_in_backfill and one.id is not None)
    poll.items = _items(document, listed)
    poll.deleted = parsed.feed.deleted
    poll.by_reference = frozenset(item.entry.guid for item in listed if is_by_reference(item.entry))


def _items(document: ReadDocument, listed: Sequence[ListedEntry]) -> tuple[ListedItem, ...]:
    """Return the items of a document that need not be parsed again when they are in the next one."""
    known, parsed = document.known, document.parsed
    skipped = [
        ListedItem(guid, item_hash, check_of(guid, known[guid].fingerprint))
        for item_hash, guid in document.skipped.items()
    ]
    if parsed.feed.warnings or not parsed.item_hashes:  # a warning about an entry is due again with each document
        return tuple(skipped)
    read = zip(listed, parsed.item_hashes, strict=True)
    return (
        *skipped,
        *(
            ListedItem(item.entry.guid, item_hash, check_of(item.entry.guid, item.fingerprint))
            for item, item_hash in read
            if item_hash
        ),
    )


def overlap_of(source: Source, known: Mapping[str, KnownEntry], *, listed: int) -> Overlap:
    """Return the overlap of a document of `listed` entries with the previous one; `known` are its known entries."""
    last_read, last_new = source.last_read_at, source.last_new_at
    # Entries first seen after the previous document came by a push or a repair: no earlier document has listed them.
    elsewhere = [entry for entry in known.values() if last_read and entry.first_seen_at > last_read]
    shared = [
        entry for entry in known.values() if last_read is None or entry.first_seen_at <= last_read <= entry.last_seen_at
    ]
    latest = [entry for entry in shared if last_new is None or entry.first_seen_at >= last_new]
    return Overlap(
        listed=listed, known=len(known), seen_elsewhere=len(elsewhere), shared=len(shared), shared_latest=len(latest)
    )
