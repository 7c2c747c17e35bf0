"""Compute the placement of a batch of texts."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness import decision
from ingestd.likeness.placement import Document, Key, KeyHit, KeyKind, Member, Placement, Story, TextKey
from ingestd.likeness.ranking import Ranking, rank
from ingestd.likeness.rules import Rules
from ingestd.likeness.short_texts import document
from ingestd.likeness.sketch import sketch
from ingestd.pipeline.stories.sketches import Sketches
from ingestd.store.stories import documents, members, postings
from ingestd.store.stories.cursor import Cursor
from ingestd.store.stories.documents import StoredText
from ingestd.store.stories.events import StoryEvent
from ingestd.store.stories.working_set import WorkingSet


@dataclass(slots=True)
class _Job:
    """A text to place."""

    text: StoredText
    #: None: nothing is placed, the record was seen with another carrier.
    document: Document | None
    ranking: Ranking | None = None


@dataclass(slots=True)
class Batch:
    """The texts of some events, and what their placement needs and changes."""

    at: Cursor
    jobs: list[_Job]
    working: WorkingSet
    #: Jobs that are done.
    done: int = 0
    events: list[StoryEvent] = field(default_factory=list)
    #: Texts that were looked for and are gone.
    gone: set[TextKey] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Needs:
    """What has to be read before a batch can go on."""

    stories: Sequence[int] = ()
    texts: Sequence[TextKey] = ()


class Placing:
    """Computes the stories of texts; keeps sketches from batch to batch, and nothing else."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._sketches = Sketches()

    async def computed(self, connection: AsyncConnection, at: Cursor, texts: Sequence[StoredText]) -> Batch:
        """Place texts, in order, in the stories of a snapshot; return what is to be written."""
        jobs = await asyncio.to_thread(self._jobs, texts, at.base)
        batch = Batch(at, jobs, WorkingSet(last_story=at.last_story, rules=self._rules))
        await _load(connection, batch)
        while needs := await asyncio.to_thread(self._place, batch):
            await self._fetch(connection, batch, needs)
        return batch

    def _jobs(self, texts: Sequence[StoredText], base: int) -> list[_Job]:
        return [_Job(text, self._document(text, base)) for text in texts]

    def _document(self, text: StoredText, base: int) -> Document | None:
        if text.article is None:
            return None
        key = TextKey(text.record_id, text.revision)
        made = document(
            publisher=text.publisher,
            headline=text.article.headline,
            text=text.article.body_text,
            base=base,
            of=self._sketches.get(key),
            rules=self._rules,
        )
        self._sketches.put(key, made.sketch)
        return made

    async def _fetch(self, connection: AsyncConnection, batch: Batch, needs: _Needs) -> None:
        if needs.stories:
            found, joined = await members.read(connection, needs.stories)
            batch.working.add_stories(found, joined)
        if needs.texts:
            bodies = await documents.texts(connection, needs.texts)
            made = await asyncio.to_thread(
                lambda: {TextKey(*key): sketch(body, batch.at.base) for key, body in bodies.items()}
            )
            for key, one in made.items():
                self._sketches.put(key, one)
            batch.gone.update(set(needs.texts) - set(made))

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
                texts.update(self._texts_missing(job.ranking, batch))
        return _Needs(tuple(stories), tuple(texts)) if stories or texts else None

    def _place_one(self, batch: Batch, job: _Job) -> _Needs | None:
        working, text = batch.working, job.text
        known = working.story_of.get(text.record_id)
        if job.document is None:
            if known is not None:
                working.touch(known, text.at)
            return None
        ranking = job.ranking
        if ranking is None or working.concerns(job.document):
            ranking = job.ranking = _rank(job, working, self._rules)
        if missing := working.missing(_stories_of(job, ranking, working)):
            return _Needs(stories=missing)
        if known is not None:
            story = working.stories.get(known) or Story(id=known, members=())
            working.place(
                text,
                job.document,
                decision.revise(job.document, ranking, record=text.record_id, story=story, rules=self._rules),
            )
            return None
        if missing_texts := self._texts_missing(ranking, batch):
            return _Needs(texts=missing_texts)
        sketches = {
            one.key: made for one in _compared(ranking, working, self._rules) if (made := self._sketches.get(one.key))
        }
        placement = decision.decide(
            job.document, ranking, stories=_stories(ranking, working), texts=sketches, rules=self._rules
        )
        batch.events += _events(text, placement, working.place(text, job.document, placement))
        return None

    def _texts_missing(self, ranking: Ranking, batch: Batch) -> list[TextKey]:
        compared = _compared(ranking, batch.working, self._rules)
        return [one.key for one in compared if one.key not in batch.gone and one.key not in self._sketches]


async def _load(connection: AsyncConnection, batch: Batch) -> None:
    """Read what is known before any text is placed: stories of the records, and those that share a shingle or a key."""
    working = batch.working
    placed = [job.document for job in batch.jobs if job.document]
    working.story_of.update(await members.stories_of(connection, {job.text.record_id for job in batch.jobs}))
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


def _rank(job: _Job, working: WorkingSet, rules: Rules) -> Ranking:
    assert job.document
    return rank(
        job.document, postings=working.postings, stories=working.states, hits=working.hits, now=job.text.at, rules=rules
    )


def _stories_of(job: _Job, ranking: Ranking, working: WorkingSet) -> Collection[int]:
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
