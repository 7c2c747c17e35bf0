"""What has been read of a document, and how its elements are passed over."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element

from ingestd.formats.syndication.well_formed import values
from ingestd.formats.syndication.well_formed.names import HANDLED, Names, Unsure, is_kept

Fields: TypeAlias = dict[str, Any]
#: Reads an element at a depth.
Handler: TypeAlias = "Callable[[State, Element, int], None]"

#: Nesting of elements that have no meaning.
_MAX_DEPTH = 20


class State:
    """What has been read of a document, in its order, and into what the next elements are read."""

    def __init__(self, names: Names, handlers: Mapping[str, Handler]) -> None:
        self.names = names
        self.version = ""
        self.head: Fields = {}
        self.entries: list[Fields] = []
        #: The fields of the feed, or those of the entry that is being read.
        self.fields = self.head
        #: Field → depth of the element that it was read from; None outside of entries.
        self.depths: dict[str, int] | None = None
        self.language: str | None = None
        #: The xml:base of the document; "" without one.
        self.base = ""
        #: Whether identifiers are kept as written, and not as resolved.
        self.are_ids_written = False
        #: Depth of the last title; it hides titles behind it in elements that are nested as deep or deeper.
        self.title_depth = -1
        #: Whether the entry has content, and a second summary is none.
        self.has_content = False
        #: The tags of the feed, or those of the entry that is being read, as terms, schemes and labels.
        self.tags: set[tuple[str | None, str | None, str | None]] = set()
        self._handlers = handlers
        self._by_tag: dict[str, Handler] = {}

    def read(self, element: Element, depth: int) -> None:
        """Read the elements in an element at `depth`, in their order; raises Unsure."""
        by_tag = self._by_tag
        for child in element:
            handler = by_tag.get(child.tag) or self.handler_of(child.tag)
            handler(self, child, depth + 1)

    def handler_of(self, tag: str) -> Handler:
        """Return the handler of an element; raises Unsure."""
        name = self.names.of(tag)
        handler = self._handlers.get(name)
        if handler is None:
            if name in HANDLED or is_kept(name) or name.endswith(("_item", "_entry")):
                raise Unsure
            handler = unknown
        self._by_tag[tag] = handler
        return handler

    def attributes_of(self, element: Element) -> dict[str, str]:
        """Return the attributes of an element; raises Unsure."""
        attributes = values.attributes_of(element)
        if "xml:base" in attributes:
            raise Unsure
        return attributes

    def attributes_of_text(self, element: Element) -> dict[str, str]:
        """Return the attributes of an element with text or markup, of which nothing resolves; raises Unsure."""
        attributes = values.attributes_of(element)
        # Within a document with a base, that of such an element has no effect on what is read.  feedparser does not
        # restore an empty one.
        if "xml:base" in attributes and (len(element) or not self.base):
            raise Unsure
        return attributes

    def resolved(self, text: str) -> str:
        """Return an address as it resolves against the document's base."""
        return values.resolved(self.base, text)

    def store(self, name: str, value: str, depth: int, detail: Fields | None = None) -> None:
        """Keep a value; in an entry, unless it has one from an element that is nested less deep."""
        depths = self.depths
        if depths is None:
            self.fields[name] = value
        elif depth <= depths.get(name, depth):
            self.fields[name] = value
            depths[name] = depth
        if detail is not None:
            self.fields[f"{name}_detail"] = detail


def unknown(state: State, element: Element, depth: int) -> None:
    """Pass over an element without a meaning; raises Unsure if what is in it has one."""
    if element.attrib:
        state.attributes_of(element)
    if len(element):
        if depth > _MAX_DEPTH:
            raise Unsure
        for child in element:
            if state.handler_of(child.tag) is not unknown:
                raise Unsure
            unknown(state, child, depth + 1)


def unread(state: State, element: Element, depth: int) -> None:  # noqa: ARG001 - a handler
    """Pass over an element that has a meaning, but none for us; raises Unsure if there is another in it."""
    if element.attrib:
        state.attributes_of(element)
    if len(element):
        raise Unsure


def group(state: State, element: Element, depth: int) -> None:
    """Read what is in an element that groups others."""
    attributes = state.attributes_of(element) if element.attrib else {}
    if len(element):
        if values.states_language(attributes):
            raise Unsure
        state.read(element, depth)


def text_of(state: State, element: Element) -> str:
    """Return the text of an element; raises Unsure if there is another element in it."""
    if element.attrib:
        state.attributes_of(element)
    if len(element):
        raise Unsure
    return values.value_of(element.text)
