"""Witness "visible": headline, dek, byline and times above a story, found by the order of the page's lines."""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from ingestd import text
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines, headlines, visible_dates

#: Lines below the headline that can belong to the header, and lines of a page among which it may begin.
_MAX_LINES_BELOW = 12
_MAX_DEPTH = 600
#: Breadcrumbs are not a dek: "Home > News > World".
_BREADCRUMBS = re.compile(r"\s[>›»/|]\s")
_DEK_LENGTHS = range(20, 350)
#: Two lines of at least this length are paragraphs.
_PARAGRAPH = 100
#: A name and what sets it apart from a date behind it, and the characters of such a line.
_BEFORE_DATE = re.compile(r"([^|•·–—/\d]{5,50}?)\s*(?:[|•·/]|\s[-–—]\s|,\s(?=\d))\s*(?=\S)")
_MAX_SIGNED_DATE = 160
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
#: What stands before an author's name in a list of facts about the story, and the characters of such a line.
_LABELLED = re.compile(
    r"(?:autorin/autor|autor[/*:]in(?:nen)?|autor(?:a|in|en|es|i|ka)?|auteure?s?|authors?|autore|författare|forfatter|"
    r"автор|yazar|penulis|tác giả|작성자|著者|作者)\b\s*:?\s*(?=[^\W\d_])",
    re.IGNORECASE,
)
_MAX_LABELLED = 80
#: Facts about a book, whose author is another's.
_BOOK = re.compile(
    r"(?:ISBN|verlag|publisher|éditeur|editorial|editora|editore|seiten|pages?|genre|format)\b", re.IGNORECASE
)


def read(
    lines: Sequence[str],
    headline: str | None,
    language: str | None = None,
    captions: Collection[str] = (),
    named: Collection[str] = (),
) -> Clues:
    """Return the clues in the lines around the headline, with the headline itself where `headline` is None.

    `lines` are the page's blocks as text, in document order; `language` is that of the page, as stated.  `captions`
    are the lines that belong to pictures, `named` the people whom other witnesses name.
    """
    index = _find_headline(lines, headline) if headline else _guess_headline(lines)
    if index is None:
        return _dates_in(lines[:_MAX_DEPTH], language)
    below = lines[index + 1 : index + 1 + _MAX_LINES_BELOW]
    known = frozenset(map(text.fold, named))
    bylined = (_byline(line, known, lines) for line in below)
    byline = next(filter(None, bylined), None) or _labelled_byline(lines)
    nearby = _dates_in(lines[max(0, index - 3) : index + 1 + 2 * _MAX_LINES_BELOW], language)
    return replace(
        nearby if nearby.firstcreated or nearby.versioncreated else _dates_in(lines[:_MAX_DEPTH], language),
        headline=lines[index] if headline is None else None,
        description_text=_dek(lines[index], [line for line in below if line not in captions]),
        byline=bylines.clean(byline),
        authors=bylines.people([byline] if byline else ()),
    )


def _byline(line: str, named: Collection[str], lines: Sequence[str]) -> str | None:
    """Return a byline: "By Ann Lee", or a person before a date, as in "Ann Lee | 5 March 2024".

    By its capitals a section is a name too: "Premier League | 5 March 2024".  So another witness must name the person
    (`named`, folded), or the line print two dates, and the name be no line of its own, as sections are in menus.
    """
    if bylines.is_byline(line):
        return line
    match = _BEFORE_DATE.match(line) if len(line) <= _MAX_SIGNED_DATE else None
    if match is None or not bylines.is_whole_name(match[1]):
        return None
    people, behind = bylines.people([match[1]]), line[match.end() :]
    if not people or not visible_dates.is_date_line(behind):
        return None
    is_named = all(text.fold(name) in named for name in people)
    return match[1] if is_named or (len(_YEAR.findall(behind)) == 2 and match[1] not in lines) else None


def _labelled_byline(lines: Sequence[str]) -> str | None:
    """Return the line that is labelled as the author's, if the page has just one: "Autorin/Autor Ann Lee"."""
    labelled = {
        line
        for at, line in enumerate(lines)
        if len(line) <= _MAX_LABELLED
        and _LABELLED.match(line)
        and not any(map(_BOOK.match, lines[max(0, at - 4) : at + 5]))
    }
    named = {people: line for line in labelled if (people := bylines.people([line]))}
    return next(iter(named.values())) if len(named) == 1 else None


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
    between = [line for line in below[:signed_index] if not headlines.prints(line, headline)] if signed_index else []
    if len(between) == 2 and all(len(line) >= _PARAGRAPH for line in between):
        return None  # a date below the first paragraphs of the story
    if len(between) not in (1, 2) or len(between[0]) not in _DEK_LENGTHS or _BREADCRUMBS.search(between[0]):
        return None
    return between[0]
