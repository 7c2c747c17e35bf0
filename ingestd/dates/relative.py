"""Lines that say how long ago something was: "5 minutes ago", in the languages of CLDR (`relative.json`)."""

import json
import re
from functools import lru_cache
from pathlib import Path

from ingestd.dates.names import key

#: A longer line is a sentence.
_MAX_LENGTH = 60
#: Words around the phrase that are a label or a name: "Updated 5 minutes ago".
_MAX_LABEL = 2
#: Words of a phrase on either side of its number.
_MAX_WORDS = 4
#: One, as languages write it in front of a unit.
_ONE = (
    "an? einer? einem une? una um uma uno een één en ett et eitt yhden jedna jedną jednu jednou egy bir o un'? μία "
    "έναν ένα один одну одна jedne један једну"
)
_NUMBER = re.compile(rf"\d{{1,3}}|(?<!\w)(?:{'|'.join(_ONE.split())})(?!\w)", re.IGNORECASE)
_BRACKETS = "()[]|·•–—-,:： "
_UNSPACED = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
#: Most characters of a label in a script without spaces: "に更新".
_MAX_UNSPACED_LABEL = 4
#: The dot of a unit, as in "vor 12 Min.", ends no sentence.
_ABBREVIATION = re.compile(r"(?:^|\s)(?!ago\b|fa\b|temu\b|sedan\b|siden\b|назад\b|önce\b)\w{1,5}\.$", re.IGNORECASE)


@lru_cache(maxsize=1)
def _phrases() -> frozenset[str]:
    found = json.loads(Path(__file__).with_name("relative.json").read_text(encoding="utf-8"))
    return frozenset(phrase for phrases in found.values() for phrase in phrases)


@lru_cache(maxsize=1)
def _without_number() -> tuple[str, ...]:
    """Return the few phrases that have no number in front or within: "yesterday" in languages that say so."""
    return tuple(phrase for phrase in _phrases() if "|" not in phrase)


@lru_cache(maxsize=1)
def _unspaced() -> tuple[str, ...]:
    return tuple(phrase[1:] for phrase in _phrases() if phrase.startswith("|") and _UNSPACED.match(phrase[1:]))


def says_how_long_ago(line: str, *, labelled: bool = False) -> bool:
    """Return whether a line only says how long ago something was.

    `labelled`: with one or two words before or behind.
    """
    if len(line) > _MAX_LENGTH:
        return False
    line = line.strip(_BRACKETS)
    numbers = list(_NUMBER.finditer(line))
    words = line.split()
    most = min(_MAX_LABEL, len(words) - 1) if labelled else 0
    if any(map(key(line).__contains__, _without_number())):
        whole = (part for label in range(most + 1) for part in (words[label:], words[: len(words) - label]))
        if any(key(" ".join(part)) in _phrases() for part in whole):
            return True
    return any(_is_phrase(line[: match.start()], line[match.end() :], labelled) for match in numbers)


def _is_phrase(before: str, after: str, labelled: bool) -> bool:
    words, behind = before.split(), after.split()
    most = _MAX_LABEL if labelled else 0
    if max(len(words), len(behind)) <= _MAX_WORDS + most and _has_phrase(words, behind, after.rstrip(), most):
        return True
    if labelled and len(words) <= most and _UNSPACED.match(after.lstrip()):
        rest = key(after)
        return any(rest.startswith(unit) and len(rest) <= len(unit) + _MAX_UNSPACED_LABEL for unit in _unspaced())
    return False


def _has_phrase(words: list[str], behind: list[str], end: str, most: int) -> bool:
    """Return whether words before and behind a number are a phrase, with at most so many other words on one side."""
    is_sentence = end.endswith((".", "!", "?")) and not _ABBREVIATION.search(end)
    for left in range(max(0, len(words) - _MAX_WORDS), len(words) + 1):
        for right in range(min(len(behind), _MAX_WORDS) + 1):
            label = left + len(behind) - right
            if label > most or (left and right < len(behind)) or (label and is_sentence):
                continue
            if f"{key(' '.join(words[left:]))}|{key(' '.join(behind[:right]))}" in _phrases():
                return True
    return False
