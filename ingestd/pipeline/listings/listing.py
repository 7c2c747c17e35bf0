"""What every kind of listing yields, and what it works with."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestd.archive.protocol import StoredBody
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.store.polls.poll_result import ListedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTask:
    """What a backfill was asked for."""

    #: A URL, a path, or "-".
    argument: str
    options: Mapping[str, Any]
    #: Where an earlier run of it was; empty at the start.
    position: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingStep:
    """A piece of the list: what it announces, and where to go on after it."""

    found: tuple[ListedEntry, ...]
    position: Mapping[str, Any]
    #: DocumentReader that were read for it.
    documents: int = 1
    raw: StoredBody | None = None
    #: How many entries were left out, by reason.
    left_out: Mapping[str, int] = field(default_factory=dict)


#: Lists what a task asks for, from its position on, in an order that is the same each time; raises IngestError
#: where it cannot go on.
Listing = Callable[[DocumentReader, ListingTask], AsyncGenerator[ListingStep, None]]
