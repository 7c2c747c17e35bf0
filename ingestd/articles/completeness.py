"""Whether a text is all of its story, and what a page says of its rights."""

import re
from collections.abc import Iterable, Sequence
from itertools import islice

#: A text with a smaller share of the words that the page counts is a part of it.
_SHARE = 0.6
#: A count of fewer words is of a note, where a line more or less is much.
_LEAST_WORDS = 80
_CUT = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\]|\[&hellip;\])\s*$")
_GOES_ON = re.compile(
    r"\W*(?:(?:continue|keep)\s+reading|read\s+(?:more|the\s+(?:full|whole|rest)|on)|(?:to|subscribe\s+to)\s+(?:continue|read)|"
    r"weiterlesen|jetzt\s+weiterlesen|lire\s+la\s+suite|seguir\s+leyendo|leer\s+más|continua\s+a\s+leggere|leggi\s+tutto|"
    r"lees\s+verder|läs\s+(?:hela|vidare)|les\s+(?:mer|videre)|læs\s+(?:mere|videre)|continue\s+lendo|czytaj\s+dalej)\W*(?:\w+\W+){0,4}\w*\W*$",
    re.IGNORECASE,
)
_COPYRIGHT = re.compile(
    r"(?:^\W*(?:copyright\b|\(c\))|©).{0,20}?(?:\b(?:19|20)\d\d\b|\bby\b|\bthe\b|dpa-infocom)", re.IGNORECASE
)
# Looked for first: it is the faster search.
_MARK = re.compile(r"©|\(c\)|copyright", re.IGNORECASE)
_PICTURE = re.compile(r"photo|foto|image|bild|picture|getty", re.IGNORECASE)
_TERMS = re.compile(
    r"rights\s+reserved|may\s+not\s+be|creative\s+commons|\bCC[ -]BY\b|licen[sc]ed|alle\s+rechte|tous\s+droits",
    re.IGNORECASE,
)
#: Dots are looked for among so many last characters; a longer line asks for nothing.
_END = 20
_MAX_PROMPT = 120
#: A longer line is a paragraph about something else.
_MAX_NOTICE = 300
_MOST_NOTICES = 5


def is_truncated(text: str, last_lines: Iterable[str], words: int | None) -> bool:
    """Say whether a text is only a part of its story.

    It is when it ends in dots, when the page asks at its end to read on elsewhere, or when it has far fewer
    than the number of words that the page itself gives.
    """
    if words and words >= _LEAST_WORDS and len(text.split()) < _SHARE * words:
        return True
    return bool(_CUT.search(text[-_END:])) or any(
        _GOES_ON.match(line) for line in last_lines if len(line) <= _MAX_PROMPT
    )


def copyright_notices(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines that say whose the text is, as in "Copyright 2020 The Associated Press"; the last first."""
    short = (line for line in reversed(lines) if len(line) <= _MAX_NOTICE and _MARK.search(line))
    notices = (line for line in short if _COPYRIGHT.search(line[:60]) and not _PICTURE.search(line))
    return tuple(islice(notices, _MOST_NOTICES))


def terms(notices: Iterable[str]) -> str | None:
    """Return the notice that says what may be done with the text."""
    return next(filter(_TERMS.search, notices), None)
