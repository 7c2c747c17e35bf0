"""Which news agencies a story names: as who filed it, as whom it quotes, or as whose picture it shows."""

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
#: Of each agency so much is kept of each place.
_MAX_EVIDENCE = 3
_MAX_WORDS = 120
#: A longer text is read no further, in characters: it would be a book.
_MAX_TEXT = 200_000
#: And a list of names no further than this: bylines are short, and a stranger wrote them.
_MAX_LINE = 1_000
#: How far from a name its cue may stand, in characters.
_REACH = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryParts:
    """The places that name agencies; what is not there is None or empty."""

    dateline: str | None = None
    byline: str | None = None
    #: What stands in parentheses at the end of the text.
    signature: str | None = None
    #: Copyright lines: of the text, not of pictures.
    copyright: Sequence[str] = ()
    text: str = ""
    credits: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A row of the table; see agencies.toml."""

    code: str
    name: str
    names: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    doubtful: bool = False
    surname: bool = False
    languages: tuple[str, ...] = ()


def _table() -> tuple[_Known, ...]:
    rows = tomllib.loads((files(__package__) / "agencies.toml").read_text(encoding="utf-8"))["agency"]
    return tuple(_Known(**{key: _frozen(value) for key, value in row.items()}) for row in rows)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


TABLE = _table()
_BY_NAME = {name: known for known in TABLE for name in known.names}
_BY_SHORT = {name: known for known in TABLE for name in known.short}
_BY_TOKEN = {name: known for known in TABLE for name in (known.code, *known.names, *known.short)}
#: In a list of names only, as bylines and credits are, case is the page's own: "DPA", "reuters".  Not that of a name
#: with another meaning: "pa" is the picture alliance, "Sid" a man.
_BY_FOLDED = {name.casefold(): known for name, known in _BY_TOKEN.items() if not known.doubtful}
#: What may stand behind a short name and leave it an agency's, beside a year: "Efe Kaya" is somebody.
_DESKS = frozenset(
    "staff news newsroom newswire wire team desk bureau agency service services media sport sports reporter reporters "
    "correspondent correspondents writer writers journalist journalists editor editors contributor contributors "
    "photo photos photographer photographers picture pictures image images video file handout pool archive archives "
    "archiv library graphic graphics foto fotos bild redaktion inc ltd gmbh".split()
)


def _any_of(names: Sequence[str]) -> str:
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


# Latin names are whole words.  Others may have a particle before or behind them, and are long enough to be told.
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


def find_agencies(named: StoryParts, language: str | None = None) -> tuple[Agency, ...]:
    """Return the agencies that a story names, those first that filed it.

    An agency has one role, the first of origin, cited and credit that any place gives it, and all its evidence.
    `language` is the text's: some short names are an agency's in one language, and a party's in another.
    """
    found: dict[str, list[tuple[str, str]]] = {}
    for place, code, words in _evidence(named, (language or "").split("-")[0]):
        kept = found.setdefault(code, [])
        if sum(where == place for where, _ in kept) < _MAX_EVIDENCE and (place, words) not in kept:
            kept.append((place, words))
    agencies = (_agency(known, found[known.code]) for known in TABLE if known.code in found)
    return tuple(sorted(agencies, key=lambda agency: _RANKS.index(agency.role)))


def _agency(known: _Known, evidence: Sequence[tuple[str, str]]) -> Agency:
    role = min((_ROLES[place] for place, _ in evidence), key=_RANKS.index)
    return Agency(code=known.code, name=known.name, role=role, evidence=tuple(evidence))


def _evidence(named: StoryParts, language: str) -> Iterator[tuple[str, str, str]]:
    for code in _filed_by(named.dateline or ""):
        yield "dateline", code, (named.dateline or "")[:_MAX_WORDS]
    for place, line in (("byline", named.byline), ("signature", named.signature)):
        for code in _listed(line):
            yield place, code, (line or "")[:_MAX_WORDS]
    for line in named.copyright:
        for code in _listed(line):
            yield "copyright", code, line[:_MAX_WORDS]
    for code, words in _cited(named.text, language):
        yield "text", code, words
    for line in named.credits:
        for code in _listed(line):
            yield "credit", code, line[:_MAX_WORDS]


def _filed_by(dateline: str) -> Iterator[str]:
    """Name the agencies of a dateline: in its parentheses, as its one name, or by a whole name."""
    inner = _IN_PARENTHESES.search(dateline)
    if inner or "," not in dateline:
        yield from _listed(inner[inner.lastindex or 0] if inner else dateline)
    else:
        yield from (_BY_NAME[match[0]].code for match in _FULL.finditer(dateline))


def _listed(line: str | None) -> Iterator[str]:
    """Name the agencies in a line that is a list of names: whole names anywhere, short ones as a part by themselves."""
    if not line:
        return
    line = line[:_MAX_LINE]
    for match in _FULL.finditer(line):
        yield _BY_NAME[match[0]].code
    for part in _TOKENS.split(line):
        token = _ARTICLES.sub("", part.strip(" .:-–—"))
        first, _, second = token.partition(" ")
        known = _token(token) or (_token(first) if second.casefold() in _DESKS or second.isdecimal() else None)
        if known:
            yield known.code


def _token(token: str) -> _Known | None:
    return _BY_TOKEN.get(token) or _BY_FOLDED.get(token.casefold())


def _cited(text: str, language: str) -> Iterator[tuple[str, str]]:
    """Name the agencies that a text has something from, each with the words that say so."""
    for match in _NAMES.finditer(text, 0, _MAX_TEXT):
        known = _BY_NAME.get(match[0]) or _BY_SHORT[match[0]]
        before, behind = text[max(0, match.start() - _REACH) : match.start()], text[match.end() : match.end() + _REACH]
        led, follows = _cues(match[0], known, before, behind, language)
        if led or follows or match[0] in _OTHER:
            led = led or citations.ARTICLE.search(before)
            start = match.start() - (len(before) - led.start() if led else 0)
            yield known.code, text[start : match.end() + (follows.end() if follows else 0)].strip()


def _cues(
    name: str, known: _Known, before: str, behind: str, language: str
) -> tuple[re.Match[str] | None, re.Match[str] | None]:
    """Return what before and behind a name says that it is cited."""
    noun, noun_behind = citations.NOUN_BEFORE.search(before), citations.NOUN_BEHIND.match(behind)
    is_whole = name in _BY_NAME
    if known.doubtful and not is_whole and language not in known.languages:
        return noun, noun_behind
    is_surname = known.surname and not is_whole and not name.isupper()
    leads, speaks = (
        (citations.LEADS_OF_SURNAMES, citations.REPORTS) if is_surname else (citations.LEADS, citations.SPEAKS)
    )
    led = noun or leads.search(before) or (citations.DATIVE.search(before) if is_whole else None)
    if not (is_surname or citations.GOES_ON.match(behind)):
        led = led or citations.SAID_TO.search(before)
    return led, noun_behind or speaks.match(behind)
