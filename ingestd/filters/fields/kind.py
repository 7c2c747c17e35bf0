"""`kind:new`."""

from ingestd.filters.fields.choices import field_of
from ingestd.model.event import EVENT_KINDS

FIELD = field_of("kind", "the kind of the event", EVENT_KINDS, lambda candidate: candidate.kind)
