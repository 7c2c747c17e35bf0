"""Where an agency's list goes on: the address of what comes next, out of the JSON that a list is wrapped in.

There is no standard.  What is read are the names that APIs have for it: a link ("next", "next_url", `_links.next.href`
as HAL and Python Eve write it, "@odata.nextLink"), a token to be put into the query ("next_cursor", "next_page_token"),
a page's number ("next_page": 2), and marks of where one was ("next_since", "sync_token", "@odata.deltaLink").
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from ingestd.formats.common import fields
from ingestd.formats.common.document import JsonObject, list_member
from ingestd.model.feed import Entry
from ingestd.model.source import Cursor
from ingestd.urls import without_userinfo

#: Objects of a list's envelope that may say it, in the order they are asked.
_ENVELOPES = ("_links", "links", "data", "_meta", "meta", "pagination", "paging", "metadata", "response")

#: Names, in lower case and without "_", "-" and "@odata.".
_MARKS = frozenset(("nextsince", "sincetoken", "nextsincetoken", "synctoken", "nextsynctoken", "deltalink"))
_LINKS = frozenset(("next", "nextpage", "nexturl", "nexthref", "nextlink", "nextpageurl"))
_TOKENS = frozenset(("nextcursor", "nexttoken", "nextpagetoken"))

_FOLDED = str.maketrans("", "", "_-")
_NEXT = re.compile(r"next[_-]?(?=.)", re.IGNORECASE)
#: Characters of a token.
_MAX_TOKEN = 2_000


def cursor_of(document: JsonObject, url: str) -> Cursor | None:
    """Return what a list says of where it goes on; None when it says nothing.

    `url` is where the list was found: addresses resolve against it, tokens go into its query, by the name they have
    without "next" ("next_cursor" is the parameter `cursor`).  A mark of what is new since goes before the next page.
    """
    said = [*_said(document)]
    for names, kind in ((_MARKS, "since"), (_LINKS | _TOKENS, "older")):
        for name, value in said:
            folded = _folded(name)
            if folded in names and (found := _address(url, name, value, is_link=folded in _LINKS)):
                return Cursor(url=found, kind="since" if kind == "since" else "older")
    return None


def page_without_userinfo(url: str, reference: str | None) -> str | None:
    """Return the absolute address of a page; user-info in it is dropped: a list has no say in what we log in with."""
    page = fields.page_of(url, reference)
    return without_userinfo(page) if page else None


def with_direction(cursor: Cursor | None, entries: Sequence[Entry]) -> Cursor | None:
    """Return a cursor that says to which side it leads: the next page of a list with the oldest entry first is newer.

    Without two dates that differ a list counts as most do, with the newest first.
    """
    if cursor is None or cursor.kind == "since":
        return cursor
    dates = [date for entry in entries if (date := entry.updated or entry.published)]
    ascends = len(dates) > 1 and dates[0] < dates[-1]
    return Cursor(url=cursor.url, kind="newer" if ascends else "older")


def _said(document: JsonObject) -> Iterator[tuple[str, object]]:
    """Return names and values of a list's envelope; a list of links by their relations (RFC 8288)."""
    yield from document.items()
    for name in _ENVELOPES:
        inner = document.get(name)
        if isinstance(inner, dict):
            yield from inner.items()
        for link in list_member(document, name) if name in ("links", "_links") else ():
            if isinstance(link, dict) and isinstance(link.get("rel"), str):
                yield link["rel"], link.get("href")


def _folded(name: str) -> str:
    return name[:100].lower().removeprefix("@odata.").translate(_FOLDED)


def _address(url: str, name: str, value: object, *, is_link: bool) -> str | None:
    if isinstance(value, dict):
        value = value.get("href") or value.get("url")
    if isinstance(value, int) and not isinstance(value, bool):
        # A page's number; "next": 2 names no parameter.
        parameter = _parameter(name)
        return with_parameter(url, parameter, str(value)) if parameter else None
    if not isinstance(value, str) or not value.strip():
        return None
    if is_link or value.startswith(("http://", "https://")):
        return page_without_userinfo(url, value)
    return with_parameter(url, _parameter(name) or name, value.strip()) if len(value) <= _MAX_TOKEN else None


def _parameter(name: str) -> str:
    """Return a name without "next", as in "cursor" for "nextCursor"; empty where nothing is left."""
    rest = _NEXT.sub("", name, count=1) if _NEXT.match(name) else "" if name.lower() == "next" else name
    return rest[:1].lower() + rest[1:]


def with_parameter(url: str, name: str, value: str) -> str:
    """Return a URL with a parameter in its query in place of those of that name; all else stays as it is written."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair and unquote_plus(pair.partition("=")[0]) != name]
    query = "&".join((*kept, f"{quote(name, safe='')}={quote(value, safe='')}"))
    return urlunsplit(parts._replace(query=query, fragment=""))
