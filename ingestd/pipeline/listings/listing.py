"""The interface of listings: functions that list the entries of a backfill or a repair."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ingestd.archive.protocol import StoredBody
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.store.polls.poll_result import ListedEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingTask:
    """What to list, and from which position on."""

    #: A URL, a path, or "-" for standard input.
    argument: str
    options: Mapping[str, Any]
    #: The position at which an earlier run stopped; empty: start at the beginning.
    position: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListingStep:
    """Part of a listing, committed in one transaction."""

    found: tuple[ListedEntry, ...]
    #: Where to continue after this step.
    position: Mapping[str, Any]
    #: Number of documents that were read.
    documents: int = 1
    raw: StoredBody | None = None
    #: Reason → number of entries left out.
    left_out: Mapping[str, int] = field(default_factory=dict)


#: Lists the entries of a task from its position on, in the same order each time; raises IngestError if it cannot
#: continue.
Listing = Callable[[DocumentReader, ListingTask], AsyncGenerator[ListingStep, None]]
