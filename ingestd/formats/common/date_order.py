"""Tell whether the dates of a document have the day or the month first, by those that can be read in one way alone.

A program writes all dates of a document alike, and the language that a feed states is often that of a template.
"""

import re
from collections.abc import Iterable

_FIGURES = re.compile(r"\s*(?:[^\W\d_]+[.,]{0,2}\s+)?(\d{1,2})\s?[-/.]\s?(\d{1,2})\s?[-/.]\s?\d{4}(?!\d)")

#: A language whose dates have the day first, and one with the month first.
_DAY_FIRST, _MONTH_FIRST = "en-GB", "en-US"


def order_in(texts: Iterable[object]) -> str | None:
    """Return a language with the order of the dates in figures; None when none shows it, or they disagree."""
    found = {
        _DAY_FIRST if int(match[1]) > 12 else _MONTH_FIRST
        for text in texts
        if isinstance(text, str) and (match := _FIGURES.match(text[:60]))
        if (int(match[1]) > 12) != (int(match[2]) > 12)
    }
    return found.pop() if len(found) == 1 else None


def language_for(text: object, language: str | None, order: str | None) -> str | None:
    """Return the language in which to read a date: that of the document's `order` if the date is in figures."""
    in_figures = order is not None and isinstance(text, str) and _FIGURES.match(text[:60])
    return order if in_figures else language
