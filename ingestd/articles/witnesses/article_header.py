"""What stands above a story: headline, dek, byline and time, told by how the lines follow each other."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ingestd import text
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines, visible_dates

#: How far below its headline the lines of a masthead go, and how far down a page it may begin.
_HEIGHT = 12
_DEPTH = 600
#: "Home > News > World" stands there too.
_TRAIL = re.compile(r"\s[>›»/|]\s")
_DEK_LENGTHS = range(20, 350)


def read(lines: Sequence[str], headline: str | None) -> Clues:
    """Return what the lines around the headline say; without a known headline, the one they show.

    `lines` are the page's blocks as text, in document order.
    """
    at = _headline_at(lines, headline) if headline else _headline_alone(lines)
    if at is None:
        return _dated(lines[:_DEPTH])
    below = lines[at + 1 : at + 1 + _HEIGHT]
    printed = next((line for line in below if bylines.is_byline(line)), None)
    near = _dated(lines[max(0, at - 3) : at + 1 + 2 * _HEIGHT])
    return replace(
        near if near.firstcreated or near.versioncreated else _dated(lines[:_DEPTH]),
        headline=lines[at] if headline is None else None,
        description_text=_dek(lines[at], below),
        byline=bylines.clean(printed),
        authors=bylines.people([printed] if printed else ()),
    )


def _dated(lines: Sequence[str]) -> Clues:
    published, updated = visible_dates.find(lines)
    return Clues(firstcreated=published, versioncreated=updated)


def _is_sign(line: str) -> bool:
    return bylines.is_byline(line) or visible_dates.is_date_line(line)


def _headline_at(lines: Sequence[str], headline: str) -> int | None:
    """Find where the headline stands with a byline or a date below it, or else where it stands first.

    A title may stand in the menu as well: of two above one byline the nearer is the headline.
    """
    wanted = text.fold(headline)
    # To fold a line costs more than to see that it is too long or too short; folding changes hardly a length.
    near = (at for at, line in enumerate(lines[:_DEPTH]) if abs(len(line) - len(headline)) < 10)
    places = [at for at in near if text.fold(lines[at]) == wanted]
    return min(places, key=lambda at: _sign_below(lines, at), default=None)


def _sign_below(lines: Sequence[str], at: int) -> int:
    """Return how many lines below a headline its byline or date stands; far when not within the next four."""
    return next((down for down in range(1, 5) if any(map(_is_sign, lines[at + down : at + down + 1]))), _DEPTH)


def _headline_alone(lines: Sequence[str]) -> int | None:
    """Find the line above the first byline or date: one that comes twice, or else the first of two right above it."""
    sign = next((at for at, line in enumerate(lines[:100]) if _is_sign(line)), None)
    if not sign:
        return 0 if len(lines) > 1 and len(lines[0]) < 200 else None
    for at in range(max(0, sign - 4), sign):
        if len(lines[at]) >= 20 and lines[at] in lines[at + 1 : at + _HEIGHT]:
            return at
    above = [at for at in range(max(0, sign - 2), sign) if 15 <= len(lines[at]) <= 250]
    return above[0] if above else None


def _dek(headline: str, below: Sequence[str]) -> str | None:
    """Return the line between the headline and the byline or date."""
    sign = next((at for at, line in enumerate(below[:4]) if _is_sign(line)), None)
    between = [line for line in below[:sign] if text.fold(line) != text.fold(headline)] if sign else []
    if len(between) not in (1, 2) or len(between[0]) not in _DEK_LENGTHS or _TRAIL.search(between[0]):
        return None
    return between[0]
