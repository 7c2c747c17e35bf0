"""Expressions of filters, and whether they hold for a candidate.

They are evaluated in three values (Kleene, 1938): true, false, and unknown, which is None.  A clause about what is not
known is unknown; `NOT` of it is unknown, too.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

from ingestd.filters.candidate import Candidate

#: Whether a clause holds; None: unknown.
Truth = bool | None
Test = Callable[[Candidate], Truth]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """What a field must have."""

    #: Name of a field; "": words in headline or text.
    field: str
    #: In the field's canonical form.
    value: str
    #: Whether the value ends with `*`, which stands for the rest of a word.
    prefix: bool = False
    test: Test = dataclasses.field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Not:
    """True if its part is false."""

    part: "Expression"


@dataclass(frozen=True, slots=True)
class And:
    """True if all parts are; at least two, none of which is an And."""

    parts: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True if one of the parts is; at least two, none of which is an Or."""

    parts: tuple["Expression", ...]


Expression = Clause | Not | And | Or

#: Parts of an Or that `false_parts` lists one by one.
MAX_LISTED = 10


def truth(expression: Expression, candidate: Candidate) -> Truth:
    """Return whether an expression holds for a candidate; None: unknown."""
    if isinstance(expression, Clause):
        holds = expression.test(candidate)
        # What is withdrawn may have been otherwise when it was sent; it has never had what it does not have now.
        return None if holds and candidate.withdrawn else holds
    if isinstance(expression, Not):
        inner = truth(expression.part, candidate)
        return None if inner is None else not inner
    decisive, unknown = isinstance(expression, Or), False
    for part in expression.parts:
        found = truth(part, candidate)
        if found is decisive:
            return decisive
        unknown = unknown or found is None
    return None if unknown else not decisive


def false_parts(expression: Expression, candidate: Candidate) -> tuple[Expression, ...]:
    """Return the smallest parts that make an expression false; empty: it is not false."""
    if truth(expression, candidate) is not False:
        return ()
    if isinstance(expression, And):
        return tuple(found for part in expression.parts for found in false_parts(part, candidate))
    if isinstance(expression, Or) and len(expression.parts) <= MAX_LISTED:
        return tuple(found for part in expression.parts for found in false_parts(part, candidate))
    return (expression,)
