"""Whether an entry carries its full text, so that its page need not be fetched."""

import re

from ingestd.model.feed import Entry
from ingestd.model.markup import text_of

#: Shorter content (characters of text) is a teaser, or an alert whose page has no more text than its entry.
MIN_FULL_TEXT = 400

# The end of content that was cut short, in the most frequent languages.
_CUT_SHORT = re.compile(
    r"(\.\.\.|…|\[…\]|\[\.\.\.\]|\[&#8230;\]|»|›"
    r"|(read|continue|keep) (more|reading|the (full|whole) (story|article))|full (story|article)"
    r"|(weiterlesen|mehr lesen|lire la suite|leer más|leggi tutto|lees verder|czytaj dalej))\W*$",
    re.IGNORECASE,
)
#: The last letters of what the pattern ends with: it takes 15 µs a text, and few texts end so.
_LAST_LETTERS = frozenset(("more", "ding", "tory", "icle", "esen", "uite", " más", "utto", "rder", "alej", "8230"))
_MARKS = ("...", "…", "»", "›")


def carries_full_text(entry: Entry) -> bool:
    """Return whether an entry's content is the full article: long enough, more than its summary, not cut short.

    An entry without a link has no page to fetch, so any content is its full text.
    """
    text = text_of(entry.body_html)
    if not entry.link:
        return bool(text)
    if len(text) < MIN_FULL_TEXT or _is_cut_short(text[-200:]):
        return False
    return len(text) > len(entry.description_text or "") or text != entry.description_text


def _is_cut_short(text: str) -> bool:
    end = len(text)
    while end and not (text[end - 1].isalnum() or text[end - 1] == "_"):
        end -= 1
    if any(mark in text[end:] for mark in _MARKS):
        return True
    # Without regard to case, "ı" and "İ" are "i" as well.
    last = text[max(end - 4, 0) : end].replace("İ", "i").casefold().replace("ı", "i")
    return last in _LAST_LETTERS and _CUT_SHORT.search(text) is not None
