"""How long each kind of data is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each kind of data is kept, in seconds; None: for ever."""

    #: Polls and decisions.
    polls: float | None = None
    failures: float | None = None
    #: Entries whose work has ended and that their source's last document does not list, since they were last seen.
    entries: float | None = None
    #: Feed documents and pages in the archive, since they were first seen.
    feed_documents: float | None = None
    pages: float | None = None
    #: Events; a reader whose cursor is older is refused.
    events: float | None = None
    #: Superseded revisions since they were superseded; "current": they are deleted at once.
    revisions: float | Literal["current"] | None = None
    #: Records, with everything of theirs, since their last change; gaps in which other records may be missing.
    records: float | None = None
    #: Sites (registrable domains) and source URLs whose records are kept for another time.
    records_of: Mapping[str, float | None] = field(default_factory=dict)


def before(now: datetime, seconds: float | None) -> datetime | None:
    """Return the time before which data is deleted; None: nothing is."""
    return None if seconds is None else now - timedelta(seconds=seconds)
