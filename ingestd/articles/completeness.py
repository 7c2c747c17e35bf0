"""Whether a text is the whole story or only its beginning."""

import re
from collections.abc import Iterable

#: A text with a smaller share of the page's own word count is truncated.
_MIN_SHARE = 0.6
#: Smaller word counts are ignored: in a short note, one line more or less changes the share a lot.
_MIN_WORDS = 80
_ELLIPSIS = re.compile(r"(?:\.\.\.|…|\[…\]|\[\.\.\.\]|\[&hellip;\])\s*$")
_READ_ON = re.compile(
    r"\W*(?:(?:continue|keep)\s+reading|read\s+(?:more|the\s+(?:full|whole|rest)|on)|(?:to|subscribe\s+to)\s+(?:continue|read)|"
    r"weiterlesen|jetzt\s+weiterlesen|lire\s+la\s+suite|seguir\s+leyendo|leer\s+más|continua\s+a\s+leggere|leggi\s+tutto|"
    r"lees\s+verder|läs\s+(?:hela|vidare)|les\s+(?:mer|videre)|læs\s+(?:mere|videre)|continue\s+lendo|czytaj\s+dalej)\W*(?:\w+\W+){0,4}\w*\W*$",
    re.IGNORECASE,
)
#: Characters at the end of a text in which an ellipsis is looked for.
_ELLIPSIS_WINDOW = 20
#: A longer line is not a prompt to read on.
_MAX_PROMPT = 120


def is_truncated(text: str, last_lines: Iterable[str], words: int | None) -> bool:
    """Return whether a text is only a part of its story.

    True when it ends in an ellipsis, when one of `last_lines` asks the reader to read on elsewhere, or when it has
    less than 60% of `words`, the page's own word count (None: not stated).
    """
    if words and words >= _MIN_WORDS and len(text.split()) < _MIN_SHARE * words:
        return True
    return bool(_ELLIPSIS.search(text[-_ELLIPSIS_WINDOW:])) or any(
        _READ_ON.match(line) for line in last_lines if len(line) <= _MAX_PROMPT
    )
