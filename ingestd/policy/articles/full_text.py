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


def carries_full_text(entry: Entry) -> bool:
    """Return whether an entry's content is the full article: long enough, more than its summary, not cut short.

    An entry without a link has no page to fetch, so any content is its full text.
    """
    text = text_of(entry.body_html)
    if not entry.link:
        return bool(text)
    if len(text) < MIN_FULL_TEXT or _CUT_SHORT.search(text[-200:]):
        return False
    return len(text) > len(entry.description_text or "") or text != entry.description_text
