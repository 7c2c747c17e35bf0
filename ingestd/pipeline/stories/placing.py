"""Compute the placement of a batch of texts."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness import decision
from ingestd.likeness.packed_sketch import unpack
from ingestd.likeness.placement import Document, Key, KeyHit, KeyKind, Member, Placement, Story, TextKey
from ingestd.likeness.ranking import Ranking, rank
from ingestd.likeness.rules import Rules
from ingestd.likeness.short_texts import document
from ingestd.pipeline.stories.batch import Batch, Job, Joined, sketch_texts
from ingestd.pipeline.stories.made_sketches import MadeSketches
from ingestd.pipeline.stories.sketches import BatchSketches, Sketches
from ingestd.pipeline.stories.tellers import credits_of, teller
from ingestd.store.stories import members, postings
from ingestd.store.stories.cursor import Cursor
from ingestd.store.stories.documents import StoredText
from ingestd.store.stories.events import StoryEvent
from ingestd.store.stories.working_set import WorkingSet


@dataclass(frozen=True, slots=True)
class _Needs:
    """What has to be read before a batch can go on."""

    stories: Sequence[int] = ()
    texts: Sequence[TextKey] = ()


class Placing:
    """Computes the stories of texts; keeps sketches from batch to batch, and nothing else.

    Those of `made` need not be made again.
    """

    def __init__(self, rules: Rules, made: MadeSketches | None = None) -> None:
        self._rules = rules
        self._sketches = Sketches()
        self._made = made or MadeSketches()

    async def computed(self, connection: AsyncConnection, at: Cursor, texts: Sequence[StoredText]) -> Batch:
        """Place texts, in order, in the stories of a snapshot; return what is to be written."""
        sketches = BatchSketches(self._sketches)
        jobs = await asyncio.to_thread(self._jobs, texts, at.base, sketches)
        working = WorkingSet(last_story=at.last_story, rules=self._rules)
        batch = Batch(at, jobs, working, sketches, agencies=self._rules.agencies)
        await _load(connection, batch)
        while needs := await asyncio.to_thread(self._place, batch):
            await _fetch(connection, batch, needs)
        return batch

    def _jobs(self, texts: Sequence[StoredText], base: int, sketches: BatchSketches) -> list[Job]:
        return [Job(text, self._document(text, base, sketches)) for text in texts]

    def _document(self, text: StoredText, base: int, sketches: BatchSketches) -> Document | None:
        if text.article is None:
            return None
        key = TextKey(text.record_id, text.revision)
        known = sketches.get(key)
        if known is None and (packed := self._made.take(text.article.body_text, base)):
            known = unpack(packed)
        made = document(
            publisher=text.publisher,
            headline=text.article.headline,
            text=text.article.body_text,
            base=base,
            of=known,
            rules=self._rules,
        )
        sketches.put(key, made.sketch)
        return made

    def _place(self, batch: Batch) -> _Needs | None:
        """Place the texts that are left, in order; returns what has to be read first, None: all are placed."""
        if batch.done == 0 and (needs := self._needs_of_all(batch)):
            return needs
        while batch.done < len(batch.jobs):
            if needs := self._place_one(batch, batch.jobs[batch.done]):
                return needs
            batch.done += 1
        return None

    def _needs_of_all(self, batch: Batch) -> _Needs | None:
        """Return what all texts of a batch need, as far as it is known before the first is placed."""
        stories: set[int] = set()
        texts: set[TextKey] = set()
        for job in batch.jobs:
            if job.document is None:
                continue
            job.ranking = job.ranking or _rank(job, batch.working, self._rules)
            needed = _stories_of(job, job.ranking, batch.working)
            stories.update(batch.working.missing(needed))
            if not stories and job.text.record_id not in batch.working.story_of:
                compared = _compared(job.ranking, batch.working, self._rules)
                texts.update(batch.sketches.missing(one.key for one in compared))
        return _Needs(tuple(stories), tuple(texts)) if stories or texts else None

    def _place_one(self, batch: Batch, job: Job) -> _Needs | None:
        working, text = batch.working, job.text
        known = working.story_of.get(text.record_id)
        if job.document is None or text.article is None:
            if known is not None:
                working.touch(known, text.time)
                batch.carried.add(known)
            return None
        if known is None and not len(job.document.sketch.tokens):
            return None  # placed by the first revision that has a text
        ranking = job.ranking
        if ranking is None or working.concerns(job.document):
            ranking = job.ranking = _rank(job, working, self._rules)
        if missing := working.missing(_stories_of(job, ranking, working)):
            return _Needs(stories=missing)
        if known is not None:
            story = working.stories.get(known) or Story(id=known, members=())
            placement = decision.revise(job.document, ranking, record=text.record_id, story=story, rules=self._rules)
            working.place(text, job.document, placement)
            working.revise(text, credits_of(text.article, self._rules.agencies))
            return None
        compared = [one.key for one in _compared(ranking, working, self._rules)]
        if missing_texts := batch.sketches.missing(compared):
            return _Needs(texts=missing_texts)
        sketches = {key: made for key in compared if (made := batch.sketches.get(key))}
        placement = decision.decide(
            job.document, ranking, stories=_stories(ranking, working), texts=sketches, rules=self._rules
        )
        said = teller(
            record=text.record_id,
            publisher=text.publisher,
            article=text.article,
            # Its page may have been fetched, or have got a text of its own, long after it was listed.
            seen=min(text.time, text.first_seen_at),
            is_wire=text.is_wire,
            provider=text.provider,
            agencies=self._rules.agencies,
        )
        story_id = working.place(text, job.document, placement, said)
        batch.joined.append(Joined(teller=said, revision=text.revision, story_id=story_id, placement=placement))
        batch.events += _events(text, placement, story_id)
        return None


async def _fetch(connection: AsyncConnection, batch: Batch, needs: _Needs) -> None:
    if needs.stories:
        found, joined = await members.read(connection, needs.stories)
        batch.working.add_stories(found, joined)
    await sketch_texts(connection, batch, needs.texts)


async def _load(connection: AsyncConnection, batch: Batch) -> None:
    """Read what is known before any text is placed: stories of the records, and those that share a shingle or a key."""
    working = batch.working
    placed = [job.document for job in batch.jobs if job.document]
    for row in await members.stories_of(connection, {job.text.record_id for job in batch.jobs}):
        working.story_of[row.record_id] = row.story_id
        working.credits[row.record_id] = set(row.credits or ())
    hashes = {one for document in placed for one in document.sketch.sampled.tolist()}
    working.postings.update(await postings.find(connection, hashes))
    keys = {key for document in placed for key in (*document.lookups, *document.keys)}
    rows = await postings.find_keys(connection, {(int(key.kind), key.number) for key in keys})
    working.hits.update(
        {Key(KeyKind(kind), number): KeyHit(row.story_id, row.at) for (kind, number), row in rows.items()}
    )
    stories = {story for having in working.postings.values() for story in having}
    stories.update(working.story_of.values(), (hit.story for hit in working.hits.values()))
    working.add_states((await postings.states(connection, stories)).values())


def _rank(job: Job, working: WorkingSet, rules: Rules) -> Ranking:
    assert job.document
    return rank(
        job.document,
        postings=working.postings,
        stories=working.states,
        hits=working.hits,
        now=job.text.time,
        rules=rules,
    )


def _stories_of(job: Job, ranking: Ranking, working: WorkingSet) -> Collection[int]:
    known = working.story_of.get(job.text.record_id)
    return ranking.stories if known is None else (known,)


def _stories(ranking: Ranking, working: WorkingSet) -> dict[int, Story]:
    return {story: working.stories[story] for story in ranking.stories if story in working.stories}


def _compared(ranking: Ranking, working: WorkingSet, rules: Rules) -> Collection[Member]:
    return decision.texts_needed(ranking, _stories(ranking, working), rules)


def _events(text: StoredText, placement: Placement, story_id: int) -> list[StoryEvent]:
    """Return what a placement tells readers: nothing, of a record that is the first of its story."""
    if placement.story is None:
        return []
    joined = StoryEvent(
        kind="joined",
        record_id=text.record_id,
        revision=text.revision,
        entry_id=text.entry_id,
        at=text.at,
        story_id=story_id,
        other_id=placement.evidence.member,
    )
    return [joined, *(replace(joined, kind="story_merged", other_id=gone) for gone in placement.merges)]
