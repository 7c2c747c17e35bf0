"""What a document comes to beside what was known of its source: entries, pace, and how its window overlaps the last."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from ingestd.model.reply import Reply
from ingestd.model.source import Hints, Pace, Source
from ingestd.pipeline.read import announcements
from ingestd.policy.polling.novelty import pick
from ingestd.policy.polling.overlap import Overlap
from ingestd.policy.polling.pace import first_pace, pace_after
from ingestd.store.polls.poll_result import PollResult
from ingestd.store.polls.polls import KnownEntry
from ingestd.workers.results import ParsedFeed


def seconds_since_read(source: Source, at: datetime) -> float:
    """Return the seconds since the source was last read or pushed, 0 when it never was or the clock was set back."""
    looks = [look for look in (source.last_success_at, source.last_new_at) if look]
    return max(0.0, (at - max(looks)).total_seconds()) if looks else 0.0


def hints_after_unchanged(source: Source, reply: Reply) -> Hints:
    """Return the hints of a document that is what it was; a 304 without freshness keeps it (RFC 9111, 4.3.4)."""
    keeps = reply.not_modified and reply.fresh_for is None
    return source.hints if keeps else replace(source.hints, fresh_for=reply.fresh_for)


def pace_after_document(source: Source, parsed: ParsedFeed, at: datetime, *, new: int) -> Pace:
    """Return how fast entries arrive, with so many new ones since the last look; of a first look, by their dates."""
    if source.pace is None or source.last_success_at is None:
        return first_pace((entry.published or entry.updated for entry in parsed.feed.entries), at)
    return pace_after(source.pace, new=new, elapsed=seconds_since_read(source, at))


def known_after(poll: PollResult, known: Mapping[str, KnownEntry]) -> dict[str, KnownEntry]:
    """Return what is known of the entries of a poll once it is committed."""
    found = {}
    for item in (*poll.new, *poll.changed):
        before = known.get(item.entry.guid)
        first = before.first_seen_at if before else poll.at
        found[item.entry.guid] = KnownEntry(fingerprint=item.fingerprint, first_seen_at=first, last_seen_at=poll.at)
    return found


def with_picked_entries(poll: PollResult, parsed: ParsedFeed, known: Mapping[str, KnownEntry]) -> PollResult:
    """Return a poll with a document's entries, by what was known before, of other entries as well."""
    found = announcements(parsed)
    by_guid = {item.entry.guid: item for item in reversed(found)}
    before = {guid: entry.fingerprint for guid, entry in known.items()}
    picked = pick(((item.entry, item.fingerprint) for item in found), before)
    return replace(
        poll,
        listed=len(found),
        known=picked.known,
        new=tuple(by_guid[entry.guid] for entry in picked.new),
        changed=tuple(by_guid[entry.guid] for entry in picked.changed),
        # One that was seen last says nothing new; whatever else there is may be any version.
        versions=tuple(item for item in found if item.version and before.get(item.entry.guid) != item.fingerprint),
        seen_again=tuple(guid for guid in by_guid if guid in known),
        deleted=parsed.feed.deleted,
    )


def overlap_of(source: Source, known: Mapping[str, KnownEntry], *, listed: int) -> Overlap:
    """Return what the window of so many entries has in common with the one before; `known` are those seen before."""
    last_read, last_new = source.last_read_at, source.last_new_at
    # What a hub pushed since the document before was in no window.
    told = [entry for entry in known.values() if last_read and entry.first_seen_at > last_read]
    shared = [
        entry for entry in known.values() if last_read is None or entry.first_seen_at <= last_read <= entry.last_seen_at
    ]
    latest = [entry for entry in shared if last_new is None or entry.first_seen_at >= last_new]
    return Overlap(
        listed=listed, known=len(known), seen_elsewhere=len(told), shared=len(shared), shared_latest=len(latest)
    )
