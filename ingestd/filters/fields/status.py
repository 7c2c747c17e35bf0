"""`status:usable` (IPTC NewsCodes `pubstatusg2`)."""

from typing import get_args

from ingestd.filters.fields.choices import field_of
from ingestd.model.item import PubStatus

FIELD = field_of(
    "status", "the record's status from the event on", get_args(PubStatus), lambda candidate: candidate.status
)
