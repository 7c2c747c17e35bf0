"""Witness "visible": headline, dek, byline and times above a story, found by the order of the page's lines."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestd import text
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines, visible_dates

#: Lines below the headline that can belong to the header, and lines of a page among which it may begin.
_MAX_LINES_BELOW = 12
_MAX_DEPTH = 600
#: Breadcrumbs are not a dek: "Home > News > World".
_BREADCRUMBS = re.compile(r"\s[>›»/|]\s")
_DEK_LENGTHS = range(20, 350)
#: Two lines of at least this length are paragraphs.
_PARAGRAPH = 100


def read(lines: Sequence[str], headline: str | None, language: str | None = None) -> Clues:
    """Return the clues in the lines around the headline, with the headline itself where `headline` is None.

    `lines` are the page's blocks as text, in document order; `language` is that of the page, as stated.
    """
    index = _find_headline(lines, headline) if headline else _guess_headline(lines)
    if index is None:
        return _dates_in(lines[:_MAX_DEPTH], language)
    below = lines[index + 1 : index + 1 + _MAX_LINES_BELOW]
    byline = next((line for line in below if bylines.is_byline(line)), None)
    nearby = _dates_in(lines[max(0, index - 3) : index + 1 + 2 * _MAX_LINES_BELOW], language)
    return replace(
        nearby if nearby.firstcreated or nearby.versioncreated else _dates_in(lines[:_MAX_DEPTH], language),
        headline=lines[index] if headline is None else None,
        description_text=_dek(lines[index], below),
        byline=bylines.clean(byline),
        authors=bylines.people([byline] if byline else ()),
    )


def _dates_in(lines: Sequence[str], language: str | None) -> Clues:
    published, updated = visible_dates.find(lines, language)
    return Clues(firstcreated=published, versioncreated=updated)


def _is_byline_or_date(line: str) -> bool:
    return bylines.is_byline(line) or visible_dates.is_date_line(line)


def _find_headline(lines: Sequence[str], headline: str) -> int | None:
    """Return the index of the headline closest above a byline or date, or else of its first occurrence.

    The headline may also occur in a menu: of two occurrences above one byline, the closer one is the headline.
    """
    wanted = text.fold(headline)
    # Comparing lengths is cheaper than folding, which hardly changes a length.
    candidates = (index for index, line in enumerate(lines[:_MAX_DEPTH]) if abs(len(line) - len(headline)) < 10)
    indexes = [index for index in candidates if text.fold(lines[index]) == wanted]
    return min(indexes, key=lambda index: _distance_to_byline(lines, index), default=None)


def _distance_to_byline(lines: Sequence[str], index: int) -> int:
    """Return the number of lines from a headline down to its byline or date; `_MAX_DEPTH` when it is more than four."""
    below = lines[index + 1 : index + 5]
    return next((distance for distance, line in enumerate(below, 1) if _is_byline_or_date(line)), _MAX_DEPTH)


def _guess_headline(lines: Sequence[str]) -> int | None:
    """Return the index of the headline above the first byline or date; None when there is none.

    Prefers a line that occurs again below, else takes the first of the two lines right above.
    """
    signed_index = next((index for index, line in enumerate(lines[:100]) if _is_byline_or_date(line)), None)
    if not signed_index:
        return 0 if len(lines) > 1 and len(lines[0]) < 200 else None
    for index in range(max(0, signed_index - 4), signed_index):
        if len(lines[index]) >= 20 and lines[index] in lines[index + 1 : index + _MAX_LINES_BELOW]:
            return index
    above = [index for index in range(max(0, signed_index - 2), signed_index) if 15 <= len(lines[index]) <= 250]
    return above[0] if above else None


def _dek(headline: str, below: Sequence[str]) -> str | None:
    """Return the line between the headline and the byline or date; None when none of them is a dek."""
    signed_index = next((index for index, line in enumerate(below[:4]) if _is_byline_or_date(line)), None)
    between = [line for line in below[:signed_index] if text.fold(line) != text.fold(headline)] if signed_index else []
    if len(between) == 2 and all(len(line) >= _PARAGRAPH for line in between):
        return None  # a date below the first paragraphs of the story
    if len(between) not in (1, 2) or len(between[0]) not in _DEK_LENGTHS or _BREADCRUMBS.search(between[0]):
        return None
    return between[0]
