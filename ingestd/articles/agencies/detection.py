"""Detect the news agencies that a story names: as its origin, as a source it cites, or as a picture credit."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from ingestd.articles.agencies import citations
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _AgencyRow:
    """A row of agencies.toml, which explains the fields."""

    code: str
    name: str
    names: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    doubtful: bool = False
    surname: bool = False
    languages: tuple[str, ...] = ()


def _table() -> tuple[_AgencyRow, ...]:
    rows = tomllib.loads((files(__package__) / "agencies.toml").read_text(encoding="utf-8"))["agency"]
    return tuple(_AgencyRow(**{key: _frozen(value) for key, value in row.items()}) for row in rows)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


TABLE = _table()
_BY_NAME = {name: row for row in TABLE for name in row.names}
_BY_SHORT = {name: row for row in TABLE for name in row.short}
_BY_TOKEN = {name: row for row in TABLE for name in (row.code, *row.names, *row.short)}
#: In lists of names (bylines, credits) case is ignored: pages write "DPA" and "reuters".  Doubtful names stay
#: case-sensitive: "pa" is picture alliance, "Sid" a first name.
_BY_FOLDED = {name.casefold(): row for name, row in _BY_TOKEN.items() if not row.doubtful}
#: Words, besides a year, that may follow an agency's short name.  Before any other word it is not an agency: "Efe Kaya"
#: is a person.
_DESK_WORDS = frozenset(
    "staff news newsroom newswire wire team desk bureau agency service services media sport sports reporter reporters "
    "correspondent correspondents writer writers journalist journalists editor editors contributor contributors "
    "photo photos photographer photographers picture pictures image images video file handout pool archive archives "
    "archiv library graphic graphics foto fotos bild redaktion inc ltd gmbh".split()
)


def _any_of(names: Sequence[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


# Latin names match as whole words.  Names in other scripts may have particles attached, and are long enough to match
# anywhere.
_LATIN = [name for name in (*_BY_NAME, *_BY_SHORT) if name[0] < "\u0250"]
_OTHER = [name for name in _BY_NAME if name[0] >= "\u0250"]
_NAMES = re.compile(rf"(?<![\w-])(?:{_any_of(_LATIN)})(?![\w-]|\.\w)|{_any_of(_OTHER)}")
_FULL = re.compile(rf"(?<!\w)(?:{_any_of([name for name in _LATIN if name in _BY_NAME])})(?!\w)|{_any_of(_OTHER)}")
_TOKENS = re.compile(
    r"\s*(?:[/,;|&+()\[\]©]|\s[-–—]\s|\b(?:via|and|und|et|y|e|og|och|en|with|mit|by|by the|for|von|par|für)\b)\s*"
)
#: A Japanese dateline has the place before the agency: "【東京共同】".
_IN_PARENTHESES = re.compile(r"\(([^()]+)\)|【\w*?(共同|時事)】")
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


def _agency(row: _AgencyRow, evidence: Sequence[tuple[str, str]]) -> Agency:
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


def _agencies_in_dateline(dateline: str) -> Iterator[str]:
    """Yield the agencies of a dateline: named in parentheses, as its only name, or by a full name."""
    in_parentheses = _IN_PARENTHESES.search(dateline)
    if in_parentheses or "," not in dateline:
        yield from _agencies_in_list(in_parentheses[in_parentheses.lastindex or 0] if in_parentheses else dateline)
    else:
        yield from (_BY_NAME[match[0]].code for match in _FULL.finditer(dateline))


def _agencies_in_list(line: str | None) -> Iterator[str]:
    """Yield the agencies in a list of names: full names anywhere in it, short names only as an item of their own."""
    if not line:
        return
    line = line[:_MAX_LINE]
    for match in _FULL.finditer(line):
        yield _BY_NAME[match[0]].code
    for part in _TOKENS.split(line):
        token = _ARTICLES.sub("", part.strip(" .:-–—"))
        first, _, second = token.partition(" ")
        row = _row_of(token) or (_row_of(first) if second.casefold() in _DESK_WORDS or second.isdecimal() else None)
        if row:
            yield row.code


def _row_of(token: str) -> _AgencyRow | None:
    return _BY_TOKEN.get(token) or _BY_FOLDED.get(token.casefold())


def _agencies_cited(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Yield the agencies that a text cites, each with the words that cite it."""
    for match in _NAMES.finditer(text, 0, _MAX_TEXT):
        row = _BY_NAME.get(match[0]) or _BY_SHORT[match[0]]
        before = text[max(0, match.start() - _CUE_DISTANCE) : match.start()]
        after = text[match.end() : match.end() + _CUE_DISTANCE]
        cue_before, cue_after = _cues(match[0], row, before, after, language)
        if cue_before or cue_after or match[0] in _OTHER:
            cue_before = cue_before or citations.ARTICLE.search(before)
            start = match.start() - (len(before) - cue_before.start() if cue_before else 0)
            yield row.code, text[start : match.end() + (cue_after.end() if cue_after else 0)].strip()


def _cues(
    name: str, row: _AgencyRow, before: str, after: str, language: str
) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    """Return the cues before and after a name which show that it is cited; None for a side without one."""
    noun, noun_after = citations.NOUN_BEFORE.search(before), citations.NOUN_AFTER.match(after)
    is_whole = name in _BY_NAME
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
