"""The hash by which two records are one story text."""

import hashlib

from ingestd.likeness.normalise import normalise
from ingestd.text import fold

#: A shorter text is not sure to be a story of its own: "Subscribe to read on" stands under many headlines.
SHORT = 200


def content_hash(text: str, *, headline: str | None) -> str:
    """Return the sha256, in hexadecimal, of the text in the form `normalise` gives it.  This is scheme 1.

    What is hashed is UTF-8.  A text whose normal form is shorter than 200 characters is hashed behind its
    folded headline and a line end; a longer one alone, whatever headline a carrier gives it.

    Stored hashes are compared with new ones: any change to this function or to `normalise` is a new scheme,
    to be named here, and calls for hashing the stored texts anew.
    """
    normal = normalise(text)
    if len(normal) < SHORT:
        normal = f"{fold(headline or '')}\n{normal}"
    return hashlib.sha256(normal.encode()).hexdigest()
