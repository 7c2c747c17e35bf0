"""Dates printed on a page, on lines such as "Posted Jun 24, 2020 1:15 AM CDT" or "Updated: 24.06.2020, 08:15 Uhr"."""

import re
from collections.abc import Iterable

from ingestd.articles.witnesses.stated_times import find_stated_time
from ingestd.dates.names import month_number
from ingestd.dates.stated_time import StatedTime

_PUBLISHED = re.compile(
    r"(?:first\s+)?(?:posted|published|publié|veröffentlicht|erschienen|publicado|pubblicato|gepubliceerd|publicerad|opublikowano|date|datum)\b",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?:last\s+)?(?:updated|modified|aktualisiert|mis à jour|actualizado|aggiornato|bijgewerkt|uppdaterad|stand)\b",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_WORDS = re.compile(r"[^\W\d]{3,}")
_MAX_LENGTH = 160
_SENTENCE_ENDS = (".", "!", "?", ".”", '."', "。")


def is_date_line(line: str, language: str | None = None) -> bool:
    """Return whether a line is a date line: a date with few other words, or one after a label such as "Posted"."""
    return _kind(line, language) is not None


def find(lines: Iterable[str], language: str | None = None) -> tuple[StatedTime | None, StatedTime | None]:
    """Return the times of publication and update that the lines state, the first of each; None where not stated.

    A line with both ("Published ... Updated ...") gives both.  A date without a label is the publication.
    `language` is that of the page: it tells "03/05/2024" from "05/03/2024".
    """
    published = updated = bare = None
    for line in lines:
        kind = _kind(line, language)
        if kind is None:
            continue
        head, label, tail = _split_at_updated(line)
        if kind == "updated":
            updated = updated or find_stated_time(line, language)
        elif kind == "published":
            published = published or find_stated_time(head, language) or find_stated_time(line, language)
            updated = updated or (find_stated_time(tail, language) if label else None)
        else:
            bare = bare or find_stated_time(line, language)
    return published or bare, updated


def _split_at_updated(line: str) -> tuple[str, str, str]:
    match = _UPDATED.search(line)
    return (line[: match.start()], match[0], line[match.end() :]) if match else (line, "", "")


def _is_sentence(line: str) -> bool:
    """Return whether a line is a sentence with a date: it ends like one and has two or more words besides dates."""
    if not line.endswith(_SENTENCE_ENDS):
        return False
    label = _PUBLISHED.match(line) or _UPDATED.match(line)
    words = _WORDS.findall(line[label.end() :] if label else line)
    return sum(not word.isupper() and month_number(word) is None for word in words) >= 2


def _kind(line: str, language: str | None) -> str | None:
    if len(line) > _MAX_LENGTH or not _DIGIT.search(line) or find_stated_time(line, language) is None:
        return None
    if _is_sentence(line):
        return None
    if _PUBLISHED.match(line):
        return "published"
    if _UPDATED.match(line):
        return "updated"
    # Month, weekday, zone and "at" are four words; a line with more is a sentence.
    return "bare" if len(_WORDS.findall(line)) <= 4 and len(line) <= 70 else None
