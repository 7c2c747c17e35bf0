"""Find links in a Link header (RFC 8288)."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urljoin

# A quoted string may have escaped quotes (RFC 9110, 5.6.4).  Some servers write single quotes.
_QUOTED = r"\"((?:[^\"\\]|\\.)*)\""
_LINK = re.compile(rf"<([^<>]*)>((?:\s*;\s*[\w*-]+\s*(?:=\s*(?:{_QUOTED}|[^\s;,\"]*))?)*)")
_PARAMETER = re.compile(rf";\s*([\w*-]+)\s*(?:=\s*(?:{_QUOTED}|([^\s;,\"]*)))?")
_ESCAPED = re.compile(r"\\(.)")

# Characters of Link headers that are read; a server may send any number.
_MAX_LENGTH = 16_384


class HeaderLink(NamedTuple):
    """A link of a Link header."""

    #: Absolute.
    url: str
    #: In lower case.
    relations: tuple[str, ...]
    #: The media type of what is there, as stated.
    type: str | None = None
    title: str | None = None


def _is_about(anchor: str, base: str) -> bool:
    try:
        return urljoin(base, anchor) == base
    except ValueError:
        return False


def find_link(headers: Iterable[str], relation: str, base: str) -> str | None:
    """Return the first link with a relation, resolved against `base`; None when there is none."""
    return next((link.url for link in links_in(headers, base) if relation in link.relations), None)


def links_in(headers: Iterable[str], base: str) -> Iterator[HeaderLink]:
    """Yield the links of Link headers in their order, resolved against `base`.

    The first of a repeated parameter counts (RFC 8288, 3.3).  Links about another document (`anchor`) are left out.
    """
    for link, text, _ in _LINK.findall(", ".join(headers)[:_MAX_LENGTH]):
        parameters: dict[str, str] = {}
        for name, quoted, plain in _PARAMETER.findall(text):
            parameters.setdefault(name.lower(), _ESCAPED.sub(r"\1", quoted) or plain.strip("'"))
        # A raw byte, which aiohttp reads as a lone surrogate, is in no URL and could not be stored.
        if not _is_about(parameters.get("anchor", ""), base) or not str(link).isprintable():
            continue
        try:
            url = urljoin(base, str(link).strip())
        except ValueError:
            continue
        yield HeaderLink(
            url=url,
            relations=tuple(parameters.get("rel", "").lower().split()),
            type=parameters.get("type") or None,
            title=parameters.get("title") or None,
        )
