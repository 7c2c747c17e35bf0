"""Identifiers of items as URIs, which several formats require."""

import re
from urllib.parse import quote

_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


def uri_of(guid: str) -> str:
    """Return a guid as a URI: itself if it is one, else a URN that has it, percent-encoded."""
    return guid if _URI.fullmatch(guid) else f"urn:ingestd:{quote(guid, safe='', errors='replace')}"
