"""Normal form of a story text, in which copies of it are equal."""

import re
import unicodedata

from ingestd.text import clean

_FOLDS = str.maketrans(
    {**dict.fromkeys("‘’‚‛´`", "'"), **dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‐‑‒–—―−", "-")}
)
# Joiners and soft hyphens, which some editors paste and others strip.  U+200C and U+200D are removed too, though they
# carry meaning in Persian and Indic scripts: both sides of a comparison lose them.
_ZERO_WIDTH = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff]")

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+)?"
_DATE = (
    rf"{_WEEKDAY}(?:{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+\d{{4}}|\d{{1,2}}\.?\s+{_MONTH}\s+\d{{4}}"
    r"|\d{4}-\d{2}-\d{2}|\d{1,2}[./]\d{1,2}[./]\d{4})"
)
_CLOCK = r"\d{1,2}[:.]\d{2}(?::\d{2})?\s*(?:[ap]\.?m\.?)?\s*(?:\(?[a-z]{2,5}\)?)?"
_UNIT = r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?|weeks?)"
_AGO = rf"(?:(?:about\s+)?(?:\d+|an?|one|a\s+few)\s*{_UNIT}\s+ago|just\s+now|today|yesterday)"
_SAID = r"(?:(?:first\s+|last\s+)?(?:posted|published|updated|modified)\s*(?:on|at)?\s*:?\s*)"
_GAP = r"[\s,|·•-]*(?:at\s+|on\s+)?"
_WHEN = rf"(?:{_DATE}(?:{_GAP}{_CLOCK})?|{_CLOCK}(?:{_GAP}{_DATE})?|{_AGO})"
_CLOCK_LINE = re.compile(rf"{_SAID}?{_WHEN}(?:{_GAP}{_SAID}{_WHEN})?", re.IGNORECASE)
_ADVERTISEMENT_LINE = re.compile(
    r"\W*(?:advertise?ments?|anzeige|werbung|publicité|publicidad|pubblicità|sponsored(?: content)?)"
    r"(?:\W+(?:(?:(?:story|article) )?continues?(?: reading)?(?: below)?|scroll to continue).{0,30})?\W*",
    re.IGNORECASE,
)
_MAX_NOISE = 120


def normalise(text: str) -> str:
    """Return a text's normal form: one line; letter case is kept.

    Folds compatibility forms (NFKC), quotes, dashes and white space, and removes zero-width characters.  Removes lines
    that hold only a time ("Updated 5 minutes ago", "12:31 PM") or label an advertisement: they change without the
    story.
    """
    folded = unicodedata.normalize("NFKC", _ZERO_WIDTH.sub("", text)).translate(_FOLDS)
    lines = (" ".join(clean(line).split()) for line in folded.splitlines())
    return " ".join(line for line in lines if line and not _is_noise(line))


def _is_noise(line: str) -> bool:
    if len(line) > _MAX_NOISE:
        return False
    return bool(_CLOCK_LINE.fullmatch(line) or _ADVERTISEMENT_LINE.fullmatch(line))
