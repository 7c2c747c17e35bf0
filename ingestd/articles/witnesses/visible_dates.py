"""Dates a reader sees: lines such as "Posted Jun 24, 2020 1:15 AM CDT" or "Updated: 24.06.2020, 08:15 Uhr"."""

import re
from collections.abc import Iterable

from ingestd.articles.witnesses.stated_times import StatedTime, find_stated_time
from ingestd.times import MONTHS

_PUBLISHED = re.compile(
    r"(?:first\s+)?(?:posted|published|publié|veröffentlicht|erschienen|publicado|pubblicato|gepubliceerd|publicerad|opublikowano|date|datum)\b",
    re.IGNORECASE,
)
_UPDATED = re.compile(
    r"(?:last\s+)?(?:updated|modified|aktualisiert|mis à jour|actualizado|aggiornato|bijgewerkt|uppdaterad|stand)\b",
    re.IGNORECASE,
)
_CLOCK_WORDS = re.compile(r"[^\W\d]{3,}")
_MAX_LENGTH = 160
_ENDS = (".", "!", "?", ".”", '."', "。")


def is_date_line(line: str) -> bool:
    """Say whether a line is there to say when: a date with hardly any other word, or one led by "Posted"."""
    return _kind(line) is not None


def find(lines: Iterable[str]) -> tuple[StatedTime | None, StatedTime | None]:
    """Return when the article was published and when updated, as its lines say; the first of each holds.

    A line that says both ("Published ... Updated ...") is read as both.  A bare date counts as published.
    """
    published = updated = bare = None
    for line in lines:
        kind = _kind(line)
        if kind is None:
            continue
        head, mark, tail = _parted(line)
        if kind == "updated":
            updated = updated or find_stated_time(line)
        elif kind == "published":
            published = published or find_stated_time(head) or find_stated_time(line)
            updated = updated or (find_stated_time(tail) if mark else None)
        else:
            bare = bare or find_stated_time(line)
    return published or bare, updated


def _parted(line: str) -> tuple[str, str, str]:
    match = _UPDATED.search(line)
    return (line[: match.start()], match[0], line[match.end() :]) if match else (line, "", "")


def _is_sentence(line: str) -> bool:
    """Say whether a line tells a story of its date: it ends as sentences do, and has words that are no date's."""
    if not line.endswith(_ENDS):
        return False
    label = _PUBLISHED.match(line) or _UPDATED.match(line)
    words = _CLOCK_WORDS.findall(line[label.end() :] if label else line)
    return sum(not word.isupper() and word.casefold() not in MONTHS for word in words) >= 2


def _kind(line: str) -> str | None:
    if len(line) > _MAX_LENGTH or not any(char.isdigit() for char in line) or find_stated_time(line) is None:
        return None
    if _is_sentence(line):
        return None
    if _PUBLISHED.match(line):
        return "published"
    if _UPDATED.match(line):
        return "updated"
    # Month, weekday, zone and "at" are four words; more make it a sentence.
    return "bare" if len(_CLOCK_WORDS.findall(line)) <= 4 and len(line) <= 70 else None
