"""`status:usable`."""

from functools import partial
from typing import get_args

from ingestd.filters.candidate import Candidate
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading
from ingestd.model.item import PubStatus

STATUSES: tuple[PubStatus, ...] = get_args(PubStatus)


def read(value: str, _is_quoted: bool) -> Reading:
    """Read a status (IPTC NewsCodes `pubstatusg2`)."""
    if value not in STATUSES:
        raise ValueError(f"no status {value!r}; use one of {', '.join(STATUSES)}")
    return Reading(value=value, test=partial(_has_status, value))


def _has_status(status: str, candidate: Candidate) -> Truth:
    # Whatever status a filter asks for, its consumer is told what is taken back.
    return None if candidate.withdrawn or candidate.status is None else candidate.status == status


FIELD = Field(
    name="status",
    values=f"the record's status from the event on: {', '.join(STATUSES)}",
    needs=frozenset(),
    read=read,
)
