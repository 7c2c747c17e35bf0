"""The interface of a field."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestd.filters.expression import Test


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A value as its field reads it."""

    #: The canonical form of the value: it reads as the same.
    value: str
    test: Test
    #: Whether it was written as `word*`.
    prefix: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the filter language."""

    #: Lower-case letters; "": words without a field.
    name: str
    #: What its values are, as the documentation and errors say.
    values: str
    #: Fields of `Candidate` that its test needs.
    needs: frozenset[str]
    #: Reads a value and whether it was in quotation marks; raises ValueError, which says what is valid.
    read: Callable[[str, bool], Reading]
