"""Trace whose text records have, as they join their stories."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness import lineage
from ingestd.likeness.placement import TextKey
from ingestd.likeness.sketch import sketch
from ingestd.likeness.tellers import Lineage, Teller
from ingestd.pipeline.stories.batch import Batch, sketch_texts
from ingestd.store.stories import cursor, documents, lineages, write
from ingestd.store.stories.lineages import StoryTellers
from ingestd.store.stories.working_set import Changes

#: Share of a text from which another story may be that of its second origin.
_SECOND = 0.15


@dataclass(frozen=True, slots=True)
class _Task:
    """Appearances to trace, at the moment at which a record joined its story."""

    traced: Sequence[Teller]
    tellers: Sequence[Teller]
    others: Sequence[tuple[Teller, float]]
    #: The texts that are compared, by record.
    keys: dict[int, TextKey]


async def trace(connection: AsyncConnection, batch: Batch) -> None:
    """Trace the records that a batch has placed, and those whose origin they change; add the results to its changes."""
    new = batch.working.changes.stories
    wanted = {one.story_id for one in batch.joined} | batch.carried
    wanted |= {gone for one in batch.joined for gone in one.placement.merges}
    wanted |= {story for one in batch.joined for story, share in one.placement.evidence.also if share >= _SECOND}
    known = await lineages.read(connection, [one for one in wanted if one not in new], batch.agencies)
    known |= {story_id: StoryTellers() for story_id in wanted if story_id in new}
    carriers = await lineages.carriers_of(connection, [one.teller for one in batch.joined], batch.agencies)
    # In a thread, as all that takes milliseconds: the sources of each record are looked for in its whole story.
    tasks = await asyncio.to_thread(lambda: [*_tasks(batch, known, carriers), *_tasks_of_carriers(batch, known)])
    await sketch_texts(connection, batch, batch.sketches.missing({key for task in tasks for key in task.keys.values()}))
    await asyncio.to_thread(_trace_all, batch, tasks)
    for story_id in sorted({one.story_id for one in batch.joined} | batch.carried):
        if story_id in known and story_id in batch.working.states:
            first = lineage.first_carrier(known[story_id].tellers)
            found = (first.record, first.carrier or None) if first else (None, None)
            if first or story_id not in new:
                batch.working.changes.firsts[story_id] = found


async def retrace(
    connection: AsyncConnection, story_ids: Sequence[int], agencies: Sequence[tuple[str, str]] = ()
) -> None:
    """Trace all records of stories anew, and write whose text they have.

    `agencies` are those that the table of agencies does not have, as (name, site).
    """
    base = (await cursor.read(connection)).base
    changes = Changes()
    for story_id, story in (await lineages.read(connection, story_ids, agencies)).items():
        needed = lineage.texts_needed(story.tellers, story.tellers)
        keys = {TextKey(record, story.revisions[record]) for record in needed if record in story.revisions}
        bodies = await documents.texts(connection, keys)
        made = await asyncio.to_thread(lambda: {key[0]: sketch(body, base) for key, body in bodies.items()})  # noqa: B023
        for found in lineage.trace(story.tellers, story.tellers, texts=made):
            if not found.teller.carrier:
                changes.update_copy(found.teller.record, _columns(found))
        first = lineage.first_carrier(story.tellers)
        changes.firsts[story_id] = (first.record, first.carrier or None) if first else (None, None)
    await write.write_lineages(connection, changes)


def _tasks(batch: Batch, known: dict[int, StoryTellers], carriers: dict[int, list[Teller]]) -> list[_Task]:
    """Return what to trace, in order; each record is added to its story."""
    tasks = []
    for one in batch.joined:
        story = known[one.story_id]
        for gone in one.placement.merges:
            other = known.pop(gone, StoryTellers())
            story.tellers += other.tellers
            story.revisions |= other.revisions
        traced = lineage.to_retrace(one.teller, story.tellers)
        story.tellers += (one.teller, *carriers.get(one.teller.record, ()))
        story.revisions[one.teller.record] = one.revision
        needed = lineage.texts_needed(traced, story.tellers) if len(story.tellers) > 1 else ()
        keys = {record: TextKey(record, story.revisions[record]) for record in needed if record in story.revisions}
        others = [
            (teller, share)
            for other_id, share in one.placement.evidence.also
            if share >= _SECOND and other_id in known
            for teller in known[other_id].tellers
            if teller.agency
        ]
        tasks.append(_Task(traced, list(story.tellers), others, keys))
    return tasks


def _tasks_of_carriers(batch: Batch, known: dict[int, StoryTellers]) -> Iterator[_Task]:
    """Yield what to trace of stories whose origin another carrier has changed, such as an agency's own site."""
    records = {job.text.record_id for job in batch.jobs if job.document is None}
    for story_id in sorted(batch.carried.intersection(known)):
        story = known[story_id]
        carriers = [one for one in story.tellers if one.carrier and one.record in records]
        if not lineage.depends_on(carriers, story.tellers):
            continue
        traced = [one for one in story.tellers if not one.carrier]
        needed = lineage.texts_needed(traced, story.tellers)
        keys = {record: TextKey(record, story.revisions[record]) for record in needed if record in story.revisions}
        yield _Task(traced, list(story.tellers), (), keys)


def _trace_all(batch: Batch, tasks: Sequence[_Task]) -> None:
    for task in tasks:
        texts = {record: made for record, key in task.keys.items() if (made := batch.sketches.get(key))}
        for found in lineage.trace(task.traced, task.tellers, texts=texts, others=task.others):
            if not found.teller.carrier:
                batch.working.changes.update_copy(found.teller.record, _columns(found))


def _columns(found: Lineage) -> dict[str, object]:
    origins = [one.record for one in found.origins if one.record != found.teller.record]
    return {
        "origin_record": origins[0] if origins else None,
        "second_origin": origins[1] if len(origins) > 1 else None,
        "origin_agency": found.agency,
        "origin_evidence": [list(rung) for rung in found.rungs],
        "share": found.share if origins else None,
        "via_record": found.via.record if found.via and found.via.record != found.teller.record else None,
    }
