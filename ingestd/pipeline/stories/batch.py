"""A batch of texts while their stories are computed."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.likeness.placement import Document, Placement, TextKey
from ingestd.likeness.ranking import Ranking
from ingestd.likeness.sketch import sketch
from ingestd.likeness.tellers import Teller
from ingestd.pipeline.stories.sketches import BatchSketches
from ingestd.store.stories import documents
from ingestd.store.stories.cursor import Cursor
from ingestd.store.stories.documents import StoredText
from ingestd.store.stories.events import StoryEvent
from ingestd.store.stories.working_set import WorkingSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A record that has got its story."""

    teller: Teller
    revision: int
    story_id: int
    placement: Placement


@dataclass(slots=True)
class Job:
    """A text to place."""

    text: StoredText
    #: None: nothing is placed, the record was seen with another carrier.
    document: Document | None
    ranking: Ranking | None = None


@dataclass(slots=True)
class Batch:
    """The texts of some events, and what their placement needs and changes."""

    at: Cursor
    jobs: list[Job]
    working: WorkingSet
    sketches: BatchSketches
    #: Jobs that are done.
    done: int = 0
    events: list[StoryEvent] = field(default_factory=list)
    #: Records that have a story since this batch, in order.
    joined: list[Joined] = field(default_factory=list)
    #: Stories of which only another carrier was seen.
    carried: set[int] = field(default_factory=set)
    #: Agencies that the table of agencies does not have, as (name, site).
    agencies: Sequence[tuple[str, str]] = ()


async def sketch_texts(connection: AsyncConnection, batch: Batch, keys: Collection[TextKey]) -> None:
    """Make the sketches of texts; those that are gone are noted."""
    if keys:
        bodies = await documents.texts(connection, keys)
        made = await asyncio.to_thread(lambda: [(TextKey(*key), sketch(bodies[key], batch.at.base)) for key in bodies])
        for key, one in made:
            batch.sketches.put(key, one)
        batch.sketches.gone.update(set(keys).difference(bodies))
