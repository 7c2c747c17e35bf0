"""`kind:new`."""

from functools import partial

from ingestd.filters.candidate import Candidate
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading
from ingestd.model.event import EVENT_KINDS


def read(value: str, _is_quoted: bool) -> Reading:
    """Read a kind of events."""
    if value not in EVENT_KINDS:
        raise ValueError(f"no kind {value!r}; use one of {', '.join(EVENT_KINDS)}")
    return Reading(value=value, test=partial(_has_kind, value))


def _has_kind(kind: str, candidate: Candidate) -> Truth:
    # Whatever kinds a filter asks for, its consumer is told what is taken back.
    return None if candidate.withdrawn or candidate.kind is None else candidate.kind == kind


FIELD = Field(
    name="kind",
    values=f"the kind of the event: {', '.join(EVENT_KINDS)}",
    needs=frozenset(),
    read=read,
)
