"""Content hash: two records with the same hash have the same story text."""

import hashlib

from ingestd.likeness.normalise import normalise
from ingestd.text import fold

#: A shorter text (characters) may occur in many stories, such as "Subscribe to read on": its headline is hashed too.
SHORT = 200


def content_hash(text: str, *, headline: str | None) -> str:
    """Return the sha256, in hexadecimal, of the text's normal form in UTF-8.  This is scheme 1.

    A normal form of 200 characters or more is hashed alone, because carriers change headlines.  A shorter
    one is prefixed with the folded headline and a line feed.

    Stored hashes are compared with new ones.  A change to this function or to `normalise` is a new scheme: number it
    here and rehash the stored texts.
    """
    normal = normalise(text)
    if len(normal) < SHORT:
        normal = f"{fold(headline or '')}\n{normal}"
    return hashlib.sha256(normal.encode()).hexdigest()
