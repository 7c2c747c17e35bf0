"""Agencies that a text says it is from, in the lines that open and close it.

`detection` reads the parts of a page; this reads a stored text, in which those parts are lines among others: a dateline
that was left in the text, "— Reuters", "© AFP", "With material from dpa", "Kim Lee of The Associated Press contributed
to this report."
"""

import re
from collections.abc import Iterator

from ingestd.articles.agencies.detection import StoryParts, find_agencies
from ingestd.articles.agencies.table import BY_NAME, BY_TOKEN, row_of
from ingestd.articles.witnesses import dateline

#: Paragraphs at the end that may be credits, and characters of such a line.
_LAST, _LONGEST = 3, 200
#: Paragraphs at the start that may have a dateline: a dek may stand above it.
_FIRST = 2
#: Characters of a text that is an alert, which its agency may sign behind a dash: "Dika resigns - Reuters".
_ALERT = 300
#: Characters of a line that is nothing but names: "dpa/lnw", "The Associated Press".
_LONGEST_SIGNATURE = 60
#: What every form of a dateline with an agency has: a bracket, a slash, a dash, a colon, or a script without capitals.
_MAYBE_DATELINE = re.compile(r"[(\[/【（［—–―:]|\s--?\s|[\u0600-\u06ff\u3040-\u9fff\uac00-\ud7a3]")
_FIRST_WORDS = frozenset(name.split()[0].casefold() for name in BY_TOKEN)
#: Words of an agency's name.
_MOST_WORDS = 5
_CUES = re.compile(
    r"©|\(c\)|\bcopyright\b|contributed to this|contributed reporting|first published by|originally published by"
    r"|\b(?:material|files?|inputs?|reports?|reporting) (?:from|by)\b"
    r"|\bmit (?:\w+ )?(?:material|informationen|angaben)|\bmaterial (?:der|von)\b",
    re.IGNORECASE,
)
#: One of these is in every one of them; looked for first, in a tenth of the time.
_STEMS = ("©", "(c)", "copyright", "contribut", "publish", "material", "file", "input", "report", "informat", "angaben")
#: Cues that begin a line.
_OPENINGS = re.compile(
    r"\W*(?:(?:with|mit|avec|con|com|met|med|z)\b"
    r"|(?:quellen?|sources?|fuentes?|fontes?|fonti?|bron|kilde[rn]?|källa|lähde|źródło|kaynak|zdroj)\s?:)",
    re.IGNORECASE,
)
#: How one agency, and nobody else, signs: "(Reporting by Kim Lee in Oslo; editing by Jo Ray)".
_REUTERS = re.compile(r"\(Reporting by .{3,160}?\)\W*$", re.IGNORECASE | re.DOTALL)
_WORDS = re.compile(r"[\w][\w.'’-]*[\w]|\w")
_SIGNED = re.compile(r"(?:[.!?…\"”“»)]\s*|\s)[—–-]{1,2}\s?(?P<name>[^—–\n.!?]{2,60})$")
_IN_PARENTHESES = re.compile(r"[(（]([^()（）]{2,60})[)）]\W*$")


def credited(text: str, *, dateline_line: str | None = None, byline: str | None = None) -> frozenset[str]:
    """Return the codes of agencies that a text names as where it is from.

    `dateline_line` and `byline` are those that were taken off it.
    """
    found: set[str] = set()
    if dateline_line or byline:
        named = find_agencies(StoryParts(dateline=dateline_line or None, byline=byline))
        found.update(agency.code for agency in named if agency.role == "origin")
    for paragraph in () if dateline_line else text.split("\n\n", _FIRST)[:_FIRST]:
        opening = dateline.of_agency(paragraph) if _MAYBE_DATELINE.search(paragraph, 0, _LONGEST) else None
        if opening:
            found.update(agency.code for agency in find_agencies(StoryParts(dateline=opening.line)))
    for paragraph in text.rsplit("\n\n", _LAST)[-_LAST:]:
        found.update(_of_line(paragraph.strip()))
    found.update(_of_ending(text))
    return frozenset(found)


def _of_line(line: str) -> Iterator[str]:
    """Yield the agencies of a line that is a credit: it has a cue, or nothing but names."""
    if len(line) > _LONGEST:
        return
    has_cue = _has_cue(line)
    if not has_cue and len(line) > _LONGEST_SIGNATURE:
        return
    named = [*_names(line)]
    if has_cue or (named and len(named[0][1]) >= len(_WORDS.findall(line)) - 1):
        yield from (code for code, _ in named)


def _has_cue(line: str) -> bool:
    if _OPENINGS.match(line):
        return True
    folded = line.casefold()
    return any(stem in folded for stem in _STEMS) and _CUES.search(line) is not None


def _of_ending(text: str) -> Iterator[str]:
    """Yield the agencies that sign behind the last sentence, in parentheses or behind a dash."""
    ending = text[-200:].rstrip()
    if _REUTERS.search(ending):
        yield "Reuters"
    signed = _IN_PARENTHESES.search(ending)
    if signed:
        yield from (agency.code for agency in find_agencies(StoryParts(signature=signed[1])))
    dashed = _SIGNED.search(ending)
    if dashed and (len(text) <= _ALERT or not dashed[0][0].isspace()):
        row = row_of(dashed["name"].strip(" .")) or BY_NAME.get(dashed["name"].strip())
        if row:
            yield row.code


def _names(line: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the agencies that a line names, each with the words of the name; the longest names first at each word."""
    words = [word.rstrip(".") for word in _WORDS.findall(line)]
    at = 0
    while at < len(words):
        if words[at].casefold() not in _FIRST_WORDS:
            at += 1
            continue
        for length in range(min(_MOST_WORDS, len(words) - at), 0, -1):
            row = row_of(" ".join(words[at : at + length]))
            if row:
                yield row.code, tuple(words[at : at + length])
                at += length
                break
        else:
            at += 1
