"""Agencies that the operator names because the table does not have them, as (name, site)."""

import re
from collections.abc import Sequence

Agencies = Sequence[tuple[str, str]]

#: Paragraphs at the end that may be credits, and characters of such a line.
_LAST, _LONGEST = 3, 200


def of_site(agencies: Agencies, site: str) -> str | None:
    """Return the agency whose site this is."""
    return next((name for name, own in agencies if own == site.lower()), None)


def credited(agencies: Agencies, text: str, *lines: str | None) -> frozenset[str]:
    """Return the agencies that a text credits: in a short paragraph at its end, or in `lines` that were taken off it.

    Such lines are the byline and the dateline.
    """
    if not agencies:
        return frozenset()
    endings = [paragraph for paragraph in text.split("\n\n")[-_LAST:] if len(paragraph) <= _LONGEST]
    places = "\n".join([*filter(None, lines), *endings])
    return frozenset(
        name for name, _ in agencies if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", places, re.IGNORECASE)
    )
