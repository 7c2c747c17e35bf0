"""Read fields of a feed or an entry as feedparser gives them, without trust in their types.

An element that is named like one of feedparser's lists replaces it by text, and leaves mappings where texts should be.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

#: An element as parsed by feedparser.  Its own class is slow and answers a missing key with the value of another one.
Raw: TypeAlias = Mapping[str, Any]

MARKUP_TYPES = frozenset(("text/html", "application/xhtml+xml"))


def string_in(element: Raw, name: str) -> str | None:
    """Return a text; None if there is none."""
    return found if isinstance(found := element.get(name), str) else None


def elements_in(element: Raw, name: str) -> list[Raw]:
    """Return the elements of a list; empty if there is none."""
    found = element.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def is_markup(detail: object) -> bool:
    """Return whether a text with these details is markup."""
    return isinstance(detail, dict) and detail.get("type") in MARKUP_TYPES


def media_type(element: Raw) -> str:
    """Return the media type of a link or of content, HTML by default."""
    return (element.get("type") or "text/html").partition(";")[0].strip().lower()
