"""Detect the news agencies that a story names: as its origin, as a source it cites, or as a picture credit."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingestd.articles.agencies import citations
from ingestd.articles.agencies.table import (
    BY_NAME,
    BY_SHORT,
    TABLE,
    AgencyRow,
    any_of,
    dateline_names,
    row_in_dateline,
    row_of,
    rows_in_brackets,
)
from ingestd.model.article import Agency, AgencyRole

_ROLES: dict[str, AgencyRole] = {
    "dateline": "origin", "byline": "origin", "signature": "origin", "copyright": "origin", "text": "cited",
    "credit": "credit",
}  # fmt: skip
_RANKS = ("origin", "cited", "credit")
#: Pieces of evidence kept for one agency from one part of the story.
_MAX_EVIDENCE = 3
#: Characters kept of one piece of evidence.
_MAX_EVIDENCE_LENGTH = 120
#: Characters of the text that are searched; a longer text would be a book.
_MAX_TEXT = 200_000
#: Characters of a list of names that are searched: real bylines are short, and the input is untrusted.
_MAX_LINE = 1_000
#: Characters before and after a name in which its cue is looked for.
_CUE_DISTANCE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryParts:
    """The parts of a story that can name agencies; a part that it does not have is None or empty."""

    dateline: str | None = None
    byline: str | None = None
    #: The words in parentheses at the end of the text.
    signature: str | None = None
    #: Copyright notices of the text, not of pictures.
    copyright: Sequence[str] = ()
    text: str = ""
    credits: Sequence[str] = ()


#: Words, besides a year, that may follow an agency's short name.  Before any other word it is not an agency: "Efe Kaya"
#: is a person.
_DESK_WORDS = frozenset(
    "staff news newsroom newswire wire team desk bureau agency service services media sport sports reporter reporters "
    "correspondent correspondents writer writers journalist journalists editor editors contributor contributors "
    "photo photos photographer photographers picture pictures image images video file handout pool archive archives "
    "archiv library graphic graphics foto fotos bild redaktion inc ltd gmbh".split()
)


# Latin names match as whole words.  Names in other scripts may have particles attached, and are long enough to match
# anywhere.
_LATIN = [name for name in (*BY_NAME, *BY_SHORT) if name[0] < "\u0250"]
_OTHER = [name for name in BY_NAME if name[0] >= "\u0250"]


def _by_initial(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the first characters of names, each with a pattern for what follows it."""
    for initial in sorted({name[0] for name in names}):
        yield re.escape(initial), any_of([name[1:] for name in names if name[0] == initial])


# A branch for each first character, so that the search skips all other characters in one loop.
_NAMES = re.compile(
    "|".join(
        (
            *(rf"{first}(?<![\w-]{first})(?:{rest})(?![\w-]|\.\w)" for first, rest in _by_initial(_LATIN)),
            *(f"{first}(?:{rest})" for first, rest in _by_initial(_OTHER)),
        )
    )
)
#: The first words of those names in Latin letters, each with the names, and what finds such words in a text.
_BY_FIRST_WORD: dict[str, list[str]] = {}
for _name in _LATIN:
    _BY_FIRST_WORD.setdefault(re.split(r"\W", _name, maxsplit=1)[0], []).append(_name)
_MAYBE_FIRST_WORD = re.compile(rf"[{''.join(sorted({re.escape(name[0]) for name in _LATIN}))}]\w*")
_OTHER_INITIAL = re.compile(f"[{''.join(sorted({name[0] for name in _OTHER}))}]")
_FULL = re.compile(rf"(?<!\w)(?:{any_of([name for name in _LATIN if name in BY_NAME])})(?!\w)|{any_of(_OTHER)}")
#: In a dateline, names that mean nothing else; those in scripts without spaces may have the place attached.
_SPACED, _UNSPACED = (
    any_of([name for name in dateline_names(doubtful=False) if (name[0] < "\u3040") is spaced])
    for spaced in (True, False)
)
_DATELINE = re.compile(rf"(?<![\w-])(?:{_SPACED})(?![\w-])|{_UNSPACED}")
_LAST = re.compile(r"[,.]\s+|\s[-–—]\s|(?<=\w)[-/](?=[\u0600-\u06ff])|(?<=\d)\s(?:م\s)?|\s/\s")
#: What joins a place and an agency: "Baghdad – INA", "АСТАНА. КАЗИНФОРМ", "دمشق-سانا".
_JOINED = re.compile(r"\s[-–—/]\s|(?<=\w)[-/](?=[\u0600-\u06ff])|(?<=[^\W\d_]{4})\.\s")
_FIRST = re.compile(r"[^\W\d_]{3,}(?=\s)")
_TOKENS = re.compile(
    r"\s*(?:[/,;|&+()\[\]©]|\s[-–—]\s|\b(?:via|and|und|et|y|e|og|och|en|with|mit|by|by the|for|von|par|für)\b)\s*"
)
_IN_BRACKETS = re.compile(r"[(（\[［【]([^()（）\[\]［］【】]+)[)）\]］】]|/\s?([^/()]{2,40}?)\s?(?:/|$)")
_REPORTER = re.compile(r"[（(](?:本社|总台|特约)?(?:记者|記者)[^（）()]*[）)]")
_ARTICLES = re.compile(r"^(?:the|die|der|l['’]|la|le|el|de|het)\s*", re.IGNORECASE)


def find_agencies(parts: StoryParts, language: str | None = None) -> tuple[Agency, ...]:
    """Return the agencies that a story names: origins first, then cited ones, then picture credits.

    An agency has one role, the first of origin, cited and credit that any part gives it, and the evidence of all parts.
    `language` is the text's tag: in some languages a short name means an agency, in others a party.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for part, code, words in _evidence(parts, (language or "").split("-")[0]):
        kept = found.setdefault(code, [])
        if sum(where == part for where, _ in kept) < _MAX_EVIDENCE and (part, words) not in kept:
            kept.append((part, words))
    agencies = (_agency(row, found[row.code]) for row in TABLE if row.code in found)
    return tuple(sorted(agencies, key=lambda agency: _RANKS.index(agency.role)))


def _agency(row: AgencyRow, evidence: Sequence[tuple[str, str]]) -> Agency:
    role = min((_ROLES[part] for part, _ in evidence), key=_RANKS.index)
    return Agency(code=row.code, name=row.name, role=role, evidence=tuple(evidence))


def _evidence(parts: StoryParts, language: str) -> Iterator[tuple[str, str, str]]:
    for code in _agencies_in_dateline(parts.dateline or ""):
        yield "dateline", code, (parts.dateline or "")[:_MAX_EVIDENCE_LENGTH]
    for part, line in (("byline", parts.byline), ("signature", parts.signature)):
        for code in _agencies_in_list(line):
            yield part, code, (line or "")[:_MAX_EVIDENCE_LENGTH]
    for line in parts.copyright:
        for code in _agencies_in_list(line):
            yield "copyright", code, line[:_MAX_EVIDENCE_LENGTH]
    for code, words in _agencies_cited(parts.text, language):
        yield "text", code, words
    for line in parts.credits:
        for code in _agencies_in_list(line):
            yield "credit", code, line[:_MAX_EVIDENCE_LENGTH]


def _agencies_in_dateline(line: str) -> Iterator[str]:
    """Yield the agencies of a dateline: named in brackets, as its only name, or by a name that means nothing else."""
    line = _REPORTER.sub("", line)
    bracketed = [words for match in _IN_BRACKETS.finditer(line) for words in match.groups() if words]
    in_brackets = [row.code for words in bracketed for row in rows_in_brackets(words, line)]
    yield from in_brackets
    if not bracketed and "," not in line and " - " not in line:
        yield from _agencies_in_list(line)
    if (
        not bracketed
        and (row := row_in_dateline(_LAST.split(line)[-1], line))
        and (_JOINED.search(line) or any(map(str.isdigit, line)))
    ):
        yield row.code  # "Accra, March 5, GNA", but not "Harrisburg, PA"
    if not bracketed and (match := _FIRST.match(line)) and (row := row_in_dateline(match[0], line)):
        yield row.code  # "EFE / Madrid", "ACN Barcelona"
    if not (in_brackets or "(" in line):
        yield from (row.code for match in _DATELINE.finditer(line) if (row := row_in_dateline(match[0], line)))


def _agencies_in_list(line: str | None) -> Iterator[str]:
    """Yield the agencies in a list of names: full names anywhere in it, short names only as an item of their own."""
    if not line:
        return
    line = line[:_MAX_LINE]
    for match in _FULL.finditer(line):
        yield BY_NAME[match[0]].code
    for part in _TOKENS.split(line):
        token = _ARTICLES.sub("", part.strip(" .:-–—"))
        first, _, second = token.partition(" ")
        row = row_of(token) or (row_of(first) if second.casefold() in _DESK_WORDS or second.isdecimal() else None)
        if row:
            yield row.code


def _agencies_cited(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield the agencies that a text cites, each with the words that cite it."""
    for match in _NAMES.finditer(text, 0, _MAX_TEXT) if _may_name_agency(text[:_MAX_TEXT]) else ():
        row = BY_NAME.get(match[0]) or BY_SHORT[match[0]]
        before = text[max(0, match.start() - _CUE_DISTANCE) : match.start()]
        after = text[match.end() : match.end() + _CUE_DISTANCE]
        cue_before, cue_after = _cues(match[0], row, before, after, language)
        if cue_before or cue_after or match[0] in _OTHER:
            cue_before = cue_before or citations.ARTICLE.search(before)
            start = match.start() - (len(before) - cue_before.start() if cue_before else 0)
            yield row.code, text[start : match.end() + (cue_after.end() if cue_after else 0)].strip()


def _may_name_agency(text: str) -> bool:
    """Return whether a text has an agency's name, maybe within a word, in a quarter of the time of `_NAMES`."""
    words = _BY_FIRST_WORD.keys() & _MAYBE_FIRST_WORD.findall(text)
    return any(name in text for word in words for name in _BY_FIRST_WORD[word]) or bool(_OTHER_INITIAL.search(text))


def _cues(
    name: str, row: AgencyRow, before: str, after: str, language: str
) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    """Return the cues before and after a name which show that it is cited; None for a side without one."""
    noun, noun_after = citations.NOUN_BEFORE.search(before), citations.NOUN_AFTER.match(after)
    is_whole = name in BY_NAME
    if row.doubtful and not is_whole and language not in row.languages:
        return noun, noun_after
    is_surname = row.surname and not is_whole and not name.isupper()
    lead_ins, verbs = (
        (citations.LEADS_OF_SURNAMES, citations.REPORTS) if is_surname else (citations.LEADS, citations.SAYS_OR_REPORTS)
    )
    cue_before = noun or lead_ins.search(before) or (citations.DATIVE.search(before) if is_whole else None)
    if not (is_surname or citations.NAME_CONTINUES.match(after)):
        cue_before = cue_before or citations.SAID_TO.search(before)
    return cue_before, noun_after or verbs.match(after)
