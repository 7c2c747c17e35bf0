"""`subject:medtop:15000000`, `subject:sport`: a subject, and all that are narrower in IPTC's Media Topics."""

import re
from functools import partial

from ingestd.filters.candidate import Candidate
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading
from ingestd.model.item import Concept
from ingestd.model.media_topics import media_topic, media_topic_named, with_broader
from ingestd.text import fold

_TOPIC = re.compile(r"(?:medtop:|https?://cv\.iptc\.org/newscodes/mediatopic/)?(\d{8})/?")
_TOPIC_URI = "http://cv.iptc.org/newscodes/mediatopic/"


def read(value: str, _is_quoted: bool) -> Reading:
    """Read a Media Topic by its code, URI or name, or any other subject by its qcode, URI or name."""
    if match := _TOPIC.fullmatch(value):
        topic = media_topic(match[1])
        if topic is None:
            raise ValueError(f"IPTC has no Media Topic {match[1]}")
    else:
        topic = media_topic_named(fold(value))
    if topic:
        return Reading(value=f"medtop:{topic.code}", test=partial(_has_topic, topic.code))
    name = fold(value)
    if not name:
        raise ValueError("give a Media Topic by its code or name, or a subject by its qcode, URI or name")
    return Reading(value=name, test=partial(_has_name, name))


def _has_topic(code: str, candidate: Candidate) -> Truth:
    if candidate.subjects is None:
        return None
    return any(code in with_broader(own) for one in candidate.subjects if (own := _topic_of(one)))


def _topic_of(concept: Concept) -> str:
    if concept.uri and concept.uri.startswith(_TOPIC_URI):
        return concept.uri.removeprefix(_TOPIC_URI)
    return ""


def _has_name(name: str, candidate: Candidate) -> Truth:
    if candidate.subjects is None:
        return None
    return any(name in _names(one) for one in candidate.subjects)


def _names(concept: Concept) -> tuple[str, ...]:
    qcode = f"{concept.scheme}:{concept.code}" if concept.scheme and concept.code else concept.code
    return tuple(fold(name) for name in (concept.name, qcode, concept.uri) if name)


FIELD = Field(
    name="subject",
    values="a Media Topic by its code or English name, with all narrower ones; other subjects by qcode, URI or name",
    needs=frozenset({"subjects"}),
    read=read,
)
