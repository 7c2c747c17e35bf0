"""Find links in a Link header (RFC 8288)."""

import re
from collections.abc import Iterable
from urllib.parse import urljoin

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))", re.IGNORECASE)

# Characters of Link headers that are read; a server may send any number.
_MAX_LENGTH = 16_384


def find_link(headers: Iterable[str], relation: str, base: str) -> str | None:
    """Return the first link with a relation, resolved against `base`; None when there is none."""
    for link, parameters in _LINK.findall(", ".join(headers)[:_MAX_LENGTH]):
        found = _RELATION.search(parameters)
        # A raw byte, which aiohttp reads as a lone surrogate, is in no URL and could not be stored.
        if found and str(link).isprintable() and relation in (found[1] or found[2]).lower().split():
            try:
                return urljoin(base, str(link).strip())
            except ValueError:
                continue
    return None
