"""Fields whose values are one of a few, each of an event: its kind, the status of its record."""

from collections.abc import Callable, Sequence
from functools import partial

from ingestd.filters.candidate import Candidate
from ingestd.filters.expression import Truth
from ingestd.filters.fields.field import Field, Reading


def field_of(name: str, meaning: str, choices: Sequence[str], value_of: Callable[[Candidate], str | None]) -> Field:
    """Return a field that compares one value of a candidate with the one that is asked for."""

    def read(value: str, _is_quoted: bool) -> Reading:
        if value not in choices:
            raise ValueError(f"no {name} {value!r}; use one of {', '.join(choices)}")
        return Reading(value=value, test=partial(has, value))

    def has(wanted: str, candidate: Candidate) -> Truth:
        # Whatever a filter asks for, its consumer is told what is taken back.
        found = None if candidate.withdrawn else value_of(candidate)
        return None if found is None else found == wanted

    return Field(name=name, values=f"{meaning}: {', '.join(choices)}", needs=frozenset(), read=read)
