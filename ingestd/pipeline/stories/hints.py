"""Hints that a record has the text of one that was killed, or a figure that was corrected."""

import asyncio
from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness.alignment import facts
from ingestd.likeness.placement import TextKey
from ingestd.pipeline.stories.batch import Batch, sketch_texts
from ingestd.store.stories import carried
from ingestd.store.stories.carried import Holder
from ingestd.store.stories.events import StoryEvent


async def give(connection: AsyncConnection, batch: Batch) -> None:
    """Add the hints that follow from a batch to its events: from kills and corrections, and from records that join.

    A hint is given once, as long as its event is kept, and kills nothing: the publisher of the copy decides.
    """
    kills = {job.text.record_id: job.text.at for job in batch.jobs if job.text.kind == "killed"}
    corrections = {job.text.record_id: job.text.at for job in batch.jobs if job.text.kind == "corrected"}
    joined = list(_joined(batch))
    sources = {one for holder in joined for one in holder.of}
    if not (kills or corrections or sources):
        return
    stored = await carried.holders(connection, {*kills, *corrections}) if kills or corrections else []
    killed = await carried.killed(connection, sources | kills.keys())
    corrected = await carried.corrected(connection, sources | corrections.keys())
    pairs = [(holder, one) for holder in stored for one in holder.of & (kills.keys() | corrections.keys())]
    pairs += [(holder, one) for holder in joined for one in holder.of & (killed | corrected.keys())]
    told = await carried.told(connection, {(holder.record_id, one) for holder, one in pairs})
    compared = [(holder, one) for holder, one in pairs if one in corrected and one not in killed]
    keys = {key for holder, one in compared for key in _texts(holder, one, corrected[one])}
    await sketch_texts(connection, batch, batch.sketches.missing(keys))
    uncorrected = await asyncio.to_thread(
        lambda: {(holder.record_id, one) for holder, one in compared if _is_uncorrected(batch, holder, one, corrected)}
    )
    at = {holder.record_id: job_at for holder, job_at in zip(joined, _times(batch), strict=True)}
    for holder, one in sorted(pairs, key=lambda pair: (pair[0].record_id, pair[1])):
        when = at.get(holder.record_id) or kills.get(one) or corrections[one]
        if one in killed and (holder.record_id, one, "carries_killed") not in told:
            batch.events.append(_hint(holder, one, is_kill=True, at=when))
        if (holder.record_id, one) in uncorrected and (holder.record_id, one, "carries_uncorrected") not in told:
            batch.events.append(_hint(holder, one, is_kill=False, at=when))


def _joined(batch: Batch) -> Iterator[Holder]:
    """Yield the records that the batch has placed."""
    texts = {job.text.record_id: job.text for job in reversed(batch.jobs)}
    for one in batch.joined:
        values = batch.working.changes.copies[one.teller.record]
        yield Holder(
            record_id=one.teller.record,
            text_revision=values["revision"],
            revision=values["revision"],
            entry_id=texts[one.teller.record].entry_id,
            story_id=values["story_id"],
            of=carried.sources_of(values),
        )


def _times(batch: Batch) -> Iterator[datetime]:
    for one in batch.joined:
        yield batch.working.changes.copies[one.teller.record]["seen_at"]


def _texts(holder: Holder, record_id: int, revision: int) -> tuple[TextKey, TextKey, TextKey]:
    """Return a record's corrected text, the one before it, and the holder's."""
    return (
        TextKey(record_id, revision),
        TextKey(record_id, revision - 1),
        TextKey(holder.record_id, holder.text_revision),
    )


def _is_uncorrected(batch: Batch, holder: Holder, record_id: int, corrected: dict[int, int]) -> bool:
    """Return whether a holder's text has what the record had before it was corrected."""
    new, old, own = map(batch.sketches.get, _texts(holder, record_id, corrected[record_id]))
    if new is None or old is None or own is None:
        return False
    return not set(facts(new, old).changed).isdisjoint(facts(new, own).changed)


def _hint(holder: Holder, record_id: int, *, is_kill: bool, at: datetime) -> StoryEvent:
    return StoryEvent(
        kind="carries_killed" if is_kill else "carries_uncorrected",
        record_id=holder.record_id,
        revision=holder.revision,
        entry_id=holder.entry_id,
        at=at,
        story_id=holder.story_id,
        other_id=record_id,
    )
