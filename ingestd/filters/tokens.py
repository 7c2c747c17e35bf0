"""Tokens of the filter language."""

import re
from dataclasses import dataclass
from typing import Literal

from ingestd.filters.errors import FilterError

TokenKind = Literal["(", ")", "-", "AND", "OR", "NOT", "term", "end"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, with the column where it begins, counted from 1."""

    kind: TokenKind
    column: int
    #: Of a term: the name before its colon ("": none), and the value.
    field: str = ""
    value: str = ""
    is_quoted: bool = False


_SPACE = re.compile(r"\s*")
#: A name and a colon; what follows is a value, so "https://..." is not read as one.
_FIELD = re.compile(r"([A-Za-z_]+):(?!//)")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_WORD = re.compile(r'[^\s()"]+')
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_KEYWORDS: dict[str, TokenKind] = {"AND": "AND", "OR": "OR", "NOT": "NOT"}

#: What a value must be quoted for, besides being a keyword.
_NEEDS_QUOTES = re.compile(r'[\s()"\\]')


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a filter, the last one of which is `end`; raises FilterError."""
    found, at = [], _skip(text, 0)
    while at < len(text):
        token, at = _token(text, at)
        found.append(token)
        at = _skip(text, at)
    return [*found, Token(kind="end", column=len(text) + 1)]


def _skip(text: str, at: int) -> int:
    match = _SPACE.match(text, at)
    return match.end() if match else at


def _token(text: str, at: int) -> tuple[Token, int]:
    column = at + 1
    if text[at] == "(":
        return Token(kind="(", column=column), at + 1
    if text[at] == ")":
        return Token(kind=")", column=column), at + 1
    if text[at] == "-":
        return Token(kind="-", column=column), at + 1
    word = _WORD.match(text, at)
    if word and word[0] in _KEYWORDS:
        return Token(kind=_KEYWORDS[word[0]], column=column), word.end()
    field = _FIELD.match(text, at)
    name, start = (field[1].lower(), field.end()) if field else ("", at)
    value, is_quoted, end = _value(text, start, name)
    return Token(kind="term", column=column, field=name, value=value, is_quoted=is_quoted), end


def _value(text: str, at: int, field: str) -> tuple[str, bool, int]:
    if quoted := _QUOTED.match(text, at):
        return _ESCAPE.sub(r"\1", quoted[1]), True, quoted.end()
    if text[at : at + 1] == '"':
        raise FilterError(at + 1, "the quotation mark is never closed")
    if word := _WORD.match(text, at):
        return word[0], False, word.end()
    raise FilterError(at + 1, f'no value after {field}:; write it like {field}:value or {field}:"two words"')


def quoted(value: str, *, has_field: bool) -> str:
    """Return a value as a filter writes it: in quotation marks where it would not be read as one value otherwise."""
    unsafe = not value or value in _KEYWORDS or value[0] == "-" or value[-1] == "*" or _NEEDS_QUOTES.search(value)
    if not unsafe and (has_field or not _FIELD.match(value)):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
