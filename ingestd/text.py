"""Untrusted text: make it safe to store, fold it for comparison."""

import re
import unicodedata

# Characters that must not be stored or shown: control characters except tab and line ends (PostgreSQL refuses NUL),
# lone surrogates (not valid UTF-8), bidirectional controls (they reverse the text after them), invisible spaces.
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")

# Invisible characters without a meaning, which keep a search from finding the word they are in: the soft hyphen,
# invisible operators, deprecated format characters, annotations, tags (but those of a regional flag).
_INVISIBLE = re.compile(
    "(\U0001f3f4[\U000e0020-\U000e007f]+)|[\xad\u2061-\u2065\u206a-\u206f\ufff9-\ufffb\U000e0000-\U000e007f]+"
)
# Joiners shape Arabic and Indic words and emoji; they mean nothing after other letters.
_UNJOINED = "\x00-\u058f\u2000-\u206f\u2e80-\ua4cf\uac00-\ud7ff\uff00-\uffef"
_JOINERS = re.compile(f"(?<=[{_UNJOINED}])[\u200c\u200d]+|^[\u200c\u200d]+(?=[{_UNJOINED}])")
# Direction marks have a meaning only where text runs from right to left.
_DIRECTION_MARKS = re.compile("[\u061c\u200e\u200f]+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefe]")
_ODD_SPACES = re.compile("[\x0b\x0c\x1c-\x1f\x85]")
_ANY_REMOVABLE = re.compile(
    f"{UNSAFE.pattern[:-1]}\xad\u061c\u200c-\u200f\u2061-\u2065\u206a-\u206f\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def clean(text: str) -> str:
    """Return text without the characters that databases or terminals refuse or obey, and without meaningless ones.

    These are invisible and part words, as the soft hyphen does.  Joiners stay in scripts that need them, direction
    marks where text runs from right to left.
    """
    # Nearly all text is printable but for its line ends, and thus has no such character; this check is four times as
    # fast.
    if text.isprintable() or text.replace("\n", "").isprintable() or not _ANY_REMOVABLE.search(text):
        return text
    return _without_removable(text)


def _without_removable(text: str) -> str:
    cleaned = _JOINERS.sub("", _INVISIBLE.sub(r"\1", UNSAFE.sub("", text)))
    return cleaned if _RIGHT_TO_LEFT.search(cleaned) else _DIRECTION_MARKS.sub("", cleaned)


def collapse(text: str | None) -> str:
    """Return clean text on one line: each run of white space becomes one space, both ends are stripped."""
    if not text:
        return ""
    # Printable text has no white space except spaces.  Most text needs no change; this check takes a third of the time.
    if text.isprintable() and "  " not in text and text[0] != " " != text[-1]:
        return text
    # A form feed and other controls that Python takes for white space go before it, and so part no words.
    line = " ".join((_ODD_SPACES.sub("", text) if _ODD_SPACES.search(text) else text).split())
    return line if line.isprintable() else " ".join(clean(line).split())


def has_ascii_letters(text: str) -> bool:
    """Return whether all letters of a text are ASCII; dashes, quotation marks and an ellipsis may be others."""
    return text.isascii() or not _BEYOND_ASCII.search(text)


_BEYOND_ASCII = re.compile("[^\x00-\x7f\u2010-\u2027]")


def latin_length(text: str) -> int:
    """Return a text's length in Latin letters; a Chinese, Japanese or Korean character says as much as 2.5."""
    return len(text) if text.isascii() else int(len(text) + 1.5 * len(_EAST_ASIAN.findall(text)))


_EAST_ASIAN = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")


def fold(text: str) -> str:
    """Return the form in which texts are compared: NFKC, plain quotes and dashes, on one line, case-folded."""
    if text.isascii():
        return collapse(text.replace("`", "'")).casefold()
    # Fold before NFKC, which splits an acute accent into a space and a mark, and after it, since it makes new dashes.
    folded = _with_plain_marks(unicodedata.normalize("NFKC", _with_plain_marks(text)))
    return collapse(folded).casefold()


def _with_plain_marks(text: str) -> str:
    # A text has few of these: `str.translate`, which looks up each character, takes ten times as long.
    return _MARKS.sub(lambda match: _PLAIN_MARKS[match[0]], text)


_PLAIN_MARKS = {
    **dict.fromkeys("‘’‚‛´`", "'"), **dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‐‑‒–—―−", "-"), "\xad": "",
}  # fmt: skip
_MARKS = re.compile(f"[{''.join(_PLAIN_MARKS)}]")
