"""Copyright notices of a page: who owns the text, and how it may be used."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

_COPYRIGHT = re.compile(
    r"(?:^\W*(?:copyright\b|\(c\))|©).{0,20}?(?:\b(?:19|20)\d\d\b|\bby\b|\bthe\b|dpa-infocom)", re.IGNORECASE
)
#: In lower case; searched for first because it is faster.
_SIGNS = ("©", "(c)", "copyright")
_PICTURE = re.compile(r"photo|foto|image|bild|picture|getty", re.IGNORECASE)
_TERMS = re.compile(
    r"rights\s+reserved|may\s+not\s+be|creative\s+commons|\bCC[ -]BY\b|licen[sc]ed|alle\s+rechte|tous\s+droits",
    re.IGNORECASE,
)
#: A longer line is a paragraph about something else.
_MAX_NOTICE = 300
_MAX_NOTICES = 5


def copyright_notices(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines that name the text's owner, as in "Copyright 2020 The Associated Press"; the last first."""
    short = (line for line in reversed(lines) if len(line) <= _MAX_NOTICE and _is_signed(line))
    notices = (line for line in short if _COPYRIGHT.search(line[:60]) and not _PICTURE.search(line))
    return tuple(islice(notices, _MAX_NOTICES))


def _is_signed(line: str) -> bool:
    return any(map(line.lower().__contains__, _SIGNS))


def usage_terms(notices: Iterable[str]) -> str | None:
    """Return the first notice that states how the text may be used; None when none does."""
    return next(filter(_TERMS.search, notices), None)
