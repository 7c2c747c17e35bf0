"""The table of news agencies: the rows of agencies.toml, and their names by the forms in which pages print them."""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """A row of agencies.toml, which explains the fields."""

    code: str
    name: str
    names: tuple[str, ...] = ()
    short: tuple[str, ...] = ()
    dateline: tuple[str, ...] = ()
    doubtful: bool = False
    surname: bool = False
    languages: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


def _table() -> tuple[AgencyRow, ...]:
    rows = tomllib.loads((files(__package__) / "agencies.toml").read_text(encoding="utf-8"))["agency"]
    return tuple(AgencyRow(**{key: _frozen(value) for key, value in row.items()}) for row in rows)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def any_of(names: Sequence[str]) -> str:
    """Return a pattern for names, the longest first."""
    return "|".join(map(re.escape, sorted(names, key=len, reverse=True)))


TABLE = _table()
BY_NAME = {name: row for row in TABLE for name in row.names}
BY_SHORT = {name: row for row in TABLE for name in row.short}
BY_TOKEN = {name: row for row in TABLE for name in (row.code, *row.names, *row.short)}
#: In lists of names (bylines, credits) case is ignored: pages write "DPA" and "reuters".  Doubtful names stay
#: case-sensitive: "pa" is picture alliance, "Sid" a first name.
BY_FOLDED = {name.casefold(): row for name, row in BY_TOKEN.items() if not row.doubtful}
#: In a dateline case is ignored for all, and a row's `dateline` names count as well.
_IN_DATELINES: dict[str, list[AgencyRow]] = {}
for _row in TABLE:
    for _name in dict.fromkeys(name.casefold() for name in (_row.code, *_row.names, *_row.short, *_row.dateline)):
        _IN_DATELINES.setdefault(_name, []).append(_row)
#: Marks that Arabic may be printed with.
_VOWELS = re.compile("[\u064b-\u0652\u0640]")
#: Names in scripts without capitals, which the place may stand right before or behind: "東京共同".
_ATTACHED = re.compile(
    "|".join(
        f"^(?:{names})|(?:{names})$"
        for names in [any_of([name for name in _IN_DATELINES if "\u3040" <= name[0] <= "\ud7a3"])]
    )
)
_PARTS = re.compile(r"\s*[/,،=＝|+&·©]\s*|\s[-–—]\s|\s*[-–—]{2}\s*|\s*\d[\w.,:]*\s*|(?<=\w)-(?=[A-Z]{2})")


def row_of(token: str) -> AgencyRow | None:
    """Return the agency with a name, as lists of names print it; None when no agency has it."""
    return BY_TOKEN.get(token) or BY_FOLDED.get(token.casefold())


def row_in_dateline(token: str, line: str = "") -> AgencyRow | None:
    """Return the agency with a name, as datelines print it; None when no agency has it.

    Of several with one name, `line`, the whole dateline, tells which is meant.
    """
    rows = _IN_DATELINES.get(_VOWELS.sub("", token).strip(" .").casefold(), ())
    if len(rows) < 2:
        return rows[0] if rows else None
    is_there = next((row for row in rows if any(place in line for place in row.places)), None)
    return is_there or next((row for row in rows if not row.places), None)


def rows_in_brackets(words: str, line: str = "") -> tuple[AgencyRow, ...]:
    """Return the agencies between the brackets or slashes of a dateline: "dpa/lno", "서울=연합뉴스", "東京共同".

    `line` is the whole dateline: see `row_in_dateline`.
    """
    if ":" in words or "：" in words:
        return ()  # "Foto: dpa"
    found: dict[str, AgencyRow] = {}
    for token in _tokens(words):
        row = row_in_dateline(token, line) or row_in_dateline(token.split()[-1] if token.split() else "", line)
        if row:
            found.setdefault(row.code, row)
    return tuple(found.values())


def is_unmistakable(words: str) -> bool:
    """Return whether brackets hold an agency's full name, or a short one that means nothing else."""
    return any(
        row is not None and (not row.doubtful or token.strip() in row.names)
        for token in _tokens(words)
        for row in (row_in_dateline(token), row_in_dateline(token.split()[-1] if token.split() else ""))
    )


def _tokens(words: str) -> Iterator[str]:
    for part in (words, *_PARTS.split(words)):
        attached = _ATTACHED.search(part.strip())
        yield attached[0] if attached else part


def dateline_names(*, doubtful: bool) -> tuple[str, ...]:
    """Return all names that datelines print; without `doubtful` those alone that mean nothing else."""
    return tuple(
        name
        for row in TABLE
        for name in (row.code, *row.names, *row.short, *row.dateline)
        if len(name) > 1 and (doubtful or not row.doubtful or name in row.names)
    )


def code_of(name: str) -> str:
    """Return the code of an agency that the table has, by its name or code; of another one the name as it is."""
    row = row_of(name.strip())
    return row.code if row else name.strip()
