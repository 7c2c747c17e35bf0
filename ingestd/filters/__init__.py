"""The filter language: which events and records a consumer, an export or a feed gets.

A filter is parsed once into a value and then asked about candidates, of which it sees what `Candidate` has; it reads
no database, so it decides the same whichever there is.
"""

from dataclasses import dataclass
from functools import cached_property

from ingestd.errors import UsageError
from ingestd.filters.candidate import MAX_CHARACTERS, Candidate, CandidateSource, Former
from ingestd.filters.errors import FilterError
from ingestd.filters.expression import Clause, Expression, Not, false_parts, truth
from ingestd.filters.fields import FIELDS
from ingestd.filters.grammar import parse_expression, written

__all__ = [
    "FIELDS",
    "MAX_CHARACTERS",
    "Candidate",
    "CandidateSource",
    "Filter",
    "FilterError",
    "Former",
    "parse",
    "parse_for_records",
]


@dataclass(frozen=True)
class Filter:
    """A filter, as a value; `str` gives its canonical form, which parses to an equal one."""

    #: None: it matches everything.
    expression: Expression | None = None

    def __str__(self) -> str:
        return "" if self.expression is None else written(self.expression)

    @cached_property
    def fields(self) -> frozenset[str]:
        """The fields of `Candidate` that it needs; kind, status and `withdrawn` are always there."""
        return frozenset(name for clause in _clauses(self.expression) for name in FIELDS[clause.field].needs)

    @property
    def names(self) -> frozenset[str]:
        """The names of the fields that it asks for; "": words without a field."""
        return frozenset(clause.field for clause in _clauses(self.expression))

    def matches(self, candidate: Candidate) -> bool:
        """Return whether it lets a candidate through: always, unless what is known of the candidate is against it."""
        if self.expression is None:
            return True
        if candidate.former is None:
            return truth(self.expression, candidate) is not False
        return any(_can_have_matched(self.expression, one) for one in candidate.former)

    def reasons_against(self, candidate: Candidate) -> tuple[str, ...]:
        """Return the smallest parts that keep a candidate out, in canonical form; empty: it matches."""
        return () if self.expression is None else tuple(map(written, false_parts(self.expression, candidate)))


def parse(text: str) -> Filter:
    """Return the filter that a text describes; an empty text matches everything.  Raises FilterError."""
    return Filter(parse_expression(text))


def parse_for_records(text: str) -> Filter:
    """Return a filter of records, which have no event.  Raises FilterError, and UsageError when it is about events."""
    found = parse(text)
    if "kind" in found.names:
        raise UsageError("records are no events: leave `kind:` out of the filter")
    return found


def _can_have_matched(expression: Expression, former: Former) -> bool:
    found = truth(expression, former)
    return found is True if former.unshown else found is not False


def _clauses(expression: Expression | None) -> list[Clause]:
    if expression is None:
        return []
    if isinstance(expression, Clause):
        return [expression]
    parts: tuple[Expression, ...] = (expression.part,) if isinstance(expression, Not) else expression.parts
    return [clause for part in parts for clause in _clauses(part)]
