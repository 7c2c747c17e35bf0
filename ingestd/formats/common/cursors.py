"""Find the cursor of a JSON list: the URL of its next page, or of the items published after it.

There is no standard, so the common names are recognised: a link ("next", "next_url", `_links.next.href` as in
HAL and Python Eve, "@odata.nextLink"), a token for the query ("next_cursor", "next_page_token"), a page number
("next_page": 2), and a token for later changes ("next_since", "sync_token", "@odata.deltaLink").
"""

import re
from collections.abc import Iterator
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from ingestd.formats.common import fields
from ingestd.formats.common.document import JsonObject, list_member
from ingestd.model.source import Cursor
from ingestd.urls import without_userinfo

#: Objects of the envelope that may hold a cursor, in the order they are searched.
_ENVELOPES = ("_links", "links", "data", "_meta", "meta", "pagination", "paging", "metadata", "response")

#: Member names, in lower case and without "_", "-" and "@odata.".
_SINCE_NAMES = frozenset(("nextsince", "sincetoken", "nextsincetoken", "synctoken", "nextsynctoken", "deltalink"))
_LINK_NAMES = frozenset(("next", "nextpage", "nexturl", "nexthref", "nextlink", "nextpageurl"))
_TOKEN_NAMES = frozenset(("nextcursor", "nexttoken", "nextpagetoken"))

_SEPARATORS = str.maketrans("", "", "_-")
_NEXT_PREFIX = re.compile(r"next[_-]?(?=.)", re.IGNORECASE)
#: Longest token, in characters.
_MAX_TOKEN = 2_000


def cursor_of(document: JsonObject, url: str) -> Cursor | None:
    """Return the cursor that a list gives; None when it gives none.

    `url` is the address of the list.  Links resolve against it; a token becomes a parameter of its query, named like
    the member without "next" ("next_cursor" sets `cursor`).  A "since" cursor is preferred to a next page.
    """
    members = [*_envelope_members(document)]
    for names, kind in ((_SINCE_NAMES, "since"), (_LINK_NAMES | _TOKEN_NAMES, "older")):
        for name, value in members:
            folded = _folded(name)
            if folded in names and (address := _cursor_url(url, name, value, is_link=folded in _LINK_NAMES)):
                return Cursor(url=address, kind="since" if kind == "since" else "older")
    return None


def page_without_userinfo(url: str, reference: str | None) -> str | None:
    """Return the absolute URL of a page without user-info: the server must not choose our credentials."""
    page = fields.page_of(url, reference)
    return without_userinfo(page) if page else None


def _envelope_members(document: JsonObject) -> Iterator[tuple[str, object]]:
    """Yield names and values of the envelope; links in a list are named by their relation (RFC 8288)."""
    yield from document.items()
    for name in _ENVELOPES:
        inner = document.get(name)
        if isinstance(inner, dict):
            yield from inner.items()
        for link in list_member(document, name) if name in ("links", "_links") else ():
            if isinstance(link, dict) and isinstance(link.get("rel"), str):
                yield link["rel"], link.get("href")


def _folded(name: str) -> str:
    return name[:100].lower().removeprefix("@odata.").translate(_SEPARATORS)


def _cursor_url(url: str, name: str, value: object, *, is_link: bool) -> str | None:
    if isinstance(value, dict):
        value = value.get("href") or value.get("url")
    if isinstance(value, int) and not isinstance(value, bool):
        # A page number.  "next": 2 names no parameter, so it cannot be used.
        parameter = _parameter_name(name)
        return with_parameter(url, parameter, str(value)) if parameter else None
    if not isinstance(value, str) or not value.strip():
        return None
    if is_link or value.startswith(("http://", "https://")):
        return page_without_userinfo(url, value)
    return with_parameter(url, _parameter_name(name) or name, value.strip()) if len(value) <= _MAX_TOKEN else None


def _parameter_name(name: str) -> str:
    """Return a member name without "next": "cursor" for "nextCursor", empty for "next"."""
    rest = _NEXT_PREFIX.sub("", name, count=1) if _NEXT_PREFIX.match(name) else "" if name.lower() == "next" else name
    return rest[:1].lower() + rest[1:]


def with_parameter(url: str, name: str, value: str) -> str:
    """Return a URL with a query parameter set; others keep their spelling, the fragment is dropped."""
    split = urlsplit(url)
    kept = [pair for pair in split.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name]
    query = "&".join((*kept, f"{quote(name, safe='')}={quote(value, safe='')}"))
    return urlunsplit(split._replace(query=query, fragment=""))
