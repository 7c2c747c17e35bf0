"""Names of a feed's elements as feedparser has them: "dc_creator" for `creator` in the namespace of Dublin Core.

feedparser goes by the namespace where it knows it, else by the prefix.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import feedparser

_PARSER = feedparser.api.StrictFeedParser
_NAMESPACES: dict[str, str] = {uri.lower(): prefix.lower() for uri, prefix in _PARSER.namespaces.items() if uri}
_PREFIXES = frozenset(filter(None, _NAMESPACES.values()))
_HANDLER = re.compile("_(?:start|end)_(.+)")

#: What feedparser reads in a way of its own.
HANDLED = frozenset(match[1] for name in dir(_PARSER) if (match := _HANDLER.fullmatch(name)))
#: Where feedparser keeps what it has read: an element with one of these names would replace it.
_KEPT = frozenset(
    "authors contributors copyright date guid guidislink issued license links modified tagline where".split()
)
_KEPT_END = ("_detail", "_parsed")

#: Namespaces in a document; published feeds have about twelve.
_MAX_DECLARED = 100
_XLINK = "http://www.w3.org/1999/xlink"


class Unsure(Exception):
    """The document has something of which only feedparser itself knows what it reads there."""


class Names:
    """The names of one document's elements."""

    def __init__(self, declared: Sequence[tuple[str, str]]) -> None:
        """Take the namespaces that the document declares, as prefix and URI, in its order.

        Raises Unsure unless each prefix stands for one namespace, and none for another than feedparser knows by it.
        """
        distinct = dict.fromkeys(declared)
        if len(distinct) > _MAX_DECLARED:
            raise Unsure
        uris: dict[str, str] = {}
        #: URI → prefix, of namespaces that feedparser does not know.
        self._prefixes: dict[str, str] = {}
        #: In lower case, in the document's order.
        self.namespaces = tuple(dict.fromkeys(uri.lower() for _, uri in distinct if uri))
        for written, uri in distinct:
            prefix, known = written.lower(), known_prefix(uri)
            if not uri:
                continue
            if (prefix and uris.setdefault(prefix, uri) != uri) or len(uri.split()) != 1 or uri == _XLINK:
                raise Unsure
            if known is None:
                # feedparser forgets a prefix that is its own for another namespace in the document.
                if not prefix or (prefix in _PREFIXES and prefix in map(known_prefix, self.namespaces)):
                    raise Unsure
                self._prefixes.setdefault(uri, prefix)
            elif prefix in _PREFIXES and prefix != known:
                raise Unsure

    def of(self, tag: str) -> str:
        """Return the name of an element or an attribute, given as in ElementTree; raises Unsure."""
        if tag[0] != "{":
            return tag.lower()
        uri, _, local = tag[1:].partition("}")
        prefix = known_prefix(uri)
        if prefix is None and (prefix := self._prefixes.get(uri)) is None:
            raise Unsure
        return f"{prefix}_{local.lower()}" if prefix else local.lower()


@lru_cache(maxsize=512)
def _known(uri: str) -> str | None:
    lowered = uri.lower()
    return "" if "backend.userland.com/rss" in lowered else _NAMESPACES.get(lowered)


def known_prefix(uri: str) -> str | None:
    """Return feedparser's prefix of a namespace, "" for those of RSS and Atom; None if it does not know it."""
    return _known(uri) if len(uri) <= 200 else None


def is_kept(name: str) -> bool:
    """Return whether an element of this name would replace what feedparser has read from others."""
    return name in _KEPT or name.endswith(_KEPT_END)
