"""`story:17`."""

from functools import partial

from ingestd.filters.candidate import Candidate
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading


def read(value: str, _is_quoted: bool) -> Reading:
    """Read the number of a story."""
    if not (value.isascii() and value.isdecimal()):
        raise ValueError(f"{value!r} is no story; give its number, as `ingestd stories list` shows it")
    number = int(value[:19])
    return Reading(value=str(number), test=partial(_has_story, number))


def _has_story(number: int, candidate: Candidate) -> Truth:
    return None if candidate.stories is None else number in candidate.stories


FIELD = Field(
    name="story",
    values="the number of the story that the record is in, or that the event is about",
    needs=frozenset({"stories"}),
    read=read,
)
