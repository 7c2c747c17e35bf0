"""`language:en`, which matches en-GB as well."""

from functools import partial

from ingestd.filters.candidate import Candidate
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading
from ingestd.model.language_tags import language_tag


def read(value: str, _is_quoted: bool) -> Reading:
    """Read a language tag (RFC 4647, 3.3.1: a basic language range)."""
    tag = language_tag(value)
    if tag is None:
        raise ValueError(f"{value!r} is no language; write a tag such as en or pt-BR")
    return Reading(value=tag, test=partial(_has_language, tag))


def _has_language(tag: str, candidate: Candidate) -> Truth:
    if candidate.languages is None:
        return None
    return any(one == tag or one.startswith(f"{tag}-") for one in candidate.languages)


FIELD = Field(
    name="language",
    values="a language tag; en matches en-GB",
    needs=frozenset({"languages"}),
    read=read,
)
