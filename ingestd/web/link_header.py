"""The Link header (RFC 8288), as far as anybody needs it here."""

import re
from collections.abc import Iterable
from urllib.parse import urljoin

_LINK = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:\"[^\"]*\"|[^\s;,\"]*))?)*)")
_RELATION = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]*))", re.IGNORECASE)

# Characters of Link headers that are read; a server may send as many as it likes.
_MOST = 16_384


def related(headers: Iterable[str], relation: str, base: str) -> str | None:
    """Return the first link of a relation, absolute; None when there is none."""
    for link, parameters in _LINK.findall(", ".join(headers)[:_MOST]):
        found = _RELATION.search(parameters)
        if found and relation in (found[1] or found[2]).lower().split():
            try:
                return urljoin(base, str(link).strip())
            except ValueError:
                continue
    return None
