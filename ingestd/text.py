"""Untrusted text: make it safe to store, fold it for comparison."""

import re
import unicodedata

# Characters that must not be stored or shown: control characters except tab and line ends (PostgreSQL refuses NUL),
# lone surrogates (not valid UTF-8), bidirectional controls (they reverse the text after them), invisible spaces.
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """Return text without the characters that databases or terminals refuse or obey (`UNSAFE`)."""
    # Nearly all text is printable and thus has no unsafe character; this check is four times as fast.
    return text if text.isprintable() else UNSAFE.sub("", text)


def collapse(text: str | None) -> str:
    """Return clean text on one line: each run of white space becomes one space, both ends are stripped."""
    if not text:
        return ""
    # Printable text has no white space except spaces.  Most text needs no change; this check takes a third of the time.
    if text.isprintable() and "  " not in text and text[0] != " " != text[-1]:
        return text
    return " ".join(clean(text).split())


def fold(text: str) -> str:
    """Return the form in which texts are compared: NFKC, plain quotes and dashes, on one line, case-folded."""
    # Fold before NFKC, which splits an acute accent into a space and a mark, and after it, since it makes new dashes.
    folded = unicodedata.normalize("NFKC", text.translate(_FOLDS)).translate(_FOLDS)
    return collapse(folded).casefold()


_FOLDS = str.maketrans(
    {**dict.fromkeys("‘’‚‛´`", "'"), **dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‐‑‒–—―−", "-"), "\xad": None}
)
