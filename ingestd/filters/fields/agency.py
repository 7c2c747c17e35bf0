"""`agency:dpa`, `agency:"Associated Press"`: the agency that issued a record's text."""

from functools import partial

from ingestd.filters.candidate import Candidate, Former
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading
from ingestd.text import fold


def read(value: str, _is_quoted: bool) -> Reading:
    """Read the code or the name of an agency, in any case."""
    name = fold(value)
    if not name:
        raise ValueError("give the code or the name of an agency, as in dpa")
    return Reading(value=name, test=partial(_has_agency, name))


def _has_agency(name: str, candidate: Candidate) -> Truth:
    if candidate.agencies is None:
        return None
    if isinstance(candidate, Former) and name in candidate.maybe_agencies - candidate.agencies:
        return None
    return name in candidate.agencies


FIELD = Field(
    name="agency",
    values="the code or the name of the agency that issued the text, in any case, as in dpa",
    needs=frozenset({"agencies"}),
    read=read,
)
