"""Handlers of elements with text: titles, summaries, content, dates, addresses and identifiers."""

from xml.etree.ElementTree import Element

from ingestd.formats.syndication.well_formed import values
from ingestd.formats.syndication.well_formed.names import Unsure
from ingestd.formats.syndication.well_formed.state import Fields, Handler, State, text_of, unread
from ingestd.formats.syndication.well_formed.values import HTML, PLAIN, XHTML


def field(name: str, *, is_read_of_feed: bool) -> Handler:
    """Return the handler of an element whose text is the value of a field."""

    def handler(state: State, element: Element, depth: int) -> None:
        if is_read_of_feed or state.depths is not None:
            state.store(name, text_of(state, element), depth)
        else:
            unread(state, element, depth)

    return handler


def option(name: str) -> Handler:
    """Return the handler of an element whose text is the value of a field unless it has attributes."""

    def handler(state: State, element: Element, depth: int) -> None:
        if element.attrib:
            raise Unsure
        state.store(name, text_of(state, element), depth)

    return handler


def title(state: State, element: Element, depth: int) -> None:
    """Read `title`."""
    text, detail, _ = _construct(state, element, PLAIN)
    if not -1 < state.title_depth <= depth:
        state.store("title", text, depth, detail)
    if text:
        state.title_depth = depth


def media_title(state: State, element: Element, depth: int) -> None:
    """Read `media:title`, which hides no other title."""
    before = state.title_depth
    title(state, element, depth)
    state.title_depth = before


def content(state: State, element: Element, depth: int) -> None:  # noqa: ARG001 - a handler
    """Read `content`; an entry without a summary has it as its summary."""
    text, detail, kind = _construct(state, element, PLAIN)
    _add_content(state, text, detail, kind)


def encoded(state: State, element: Element, depth: int) -> None:  # noqa: ARG001 - a handler
    """Read `content:encoded`."""
    text, detail, kind = _construct(state, element, HTML)
    detail.pop("src", None)
    _add_content(state, text, detail, kind)


def _add_content(state: State, text: str, detail: Fields, kind: str) -> None:
    state.has_content = True
    if state.depths is not None:
        detail["value"] = text
        state.fields.setdefault("content", []).append(detail)
    if kind in (PLAIN, HTML, XHTML):
        state.fields.setdefault("summary", text)


def description(state: State, element: Element, depth: int) -> None:
    """Read `description`; a second one is content."""
    if "summary" in state.fields and not state.has_content:
        content(state, element, depth)
    else:
        text, detail, _ = _construct(state, element, HTML)
        state.store("subtitle" if state.depths is None else "summary", text, depth, detail)


def summary(state: State, element: Element, depth: int) -> None:
    """Read `summary`; a second one is content."""
    if "summary" in state.fields and not state.has_content:
        content(state, element, depth)
    else:
        text, detail, _ = _construct(state, element, PLAIN)
        state.store("summary", text, depth, detail)


def _construct(state: State, element: Element, default: str) -> tuple[str, Fields, str]:
    """Return the text or markup of an element, with its media type and its language, and the type that it states.

    `default` is the type of an element that states none.
    """
    kind, language, detail = default, state.language, Fields()
    if element.attrib:
        attributes = state.attributes_of_text(element)
        kind, language = values.type_in(attributes, default), values.language_in(attributes, language)
        if source := attributes.get("src"):
            detail["src"] = source
    if kind == XHTML:
        text = values.xhtml_in(element, state.names, is_unwrapped=state.version == "atom10")
    elif len(element):
        raise Unsure
    else:
        text = (element.text or "").strip()
    is_markup = kind == PLAIN and not state.version.startswith("atom") and values.looks_like_html(text)
    detail["type"] = HTML if is_markup else kind
    detail["language"] = language and language.replace("_", "-")
    return text if text.isascii() else values.mended(text), detail, kind


def link(state: State, element: Element, depth: int) -> None:  # noqa: ARG001 - a handler
    """Read `link` of RSS, which is an address, or of Atom, which has one in `href`."""
    fields, found = state.fields, Fields()
    attributes = state.attributes_of(element) if element.attrib else {}
    if len(element):
        raise Unsure
    found["rel"] = relation = attributes.get("rel", "alternate")
    found["type"] = kind = attributes.get("type", "application/atom+xml" if relation == "self" else HTML)
    fields.setdefault("links", []).append(found)
    if (address := values.address_in(attributes)) is not None:
        found["href"] = state.resolved(address)
        if relation == "alternate" and kind in ("html", "xhtml", HTML, XHTML):
            fields["link"] = found["href"]
        return
    address = _address(state, element)
    if state.depths is not None:
        address = address.replace("&amp;", "&")
    fields["link"] = address = values.without_semicolons(address)
    if address or state.depths is None:
        found["href"] = address


def _address(state: State, element: Element, *, is_resolved: bool = True) -> str:
    text = (element.text or "").strip()
    if text and is_resolved:
        text = state.resolved(text)
    return text if text.isascii() else values.mended(text)


def enclosure(state: State, element: Element, depth: int) -> None:  # noqa: ARG001 - a handler
    """Read `enclosure`."""
    attributes = state.attributes_of(element) if element.attrib else {}
    if len(element):
        raise Unsure
    found = {"rel": "enclosure"}
    if (address := values.address_in(attributes)) is not None:
        found["href"] = address
    if "type" in attributes:
        found["type"] = attributes["type"]
    state.fields.setdefault("links", []).append(found)


def identifier(state: State, element: Element, depth: int) -> None:
    """Read `guid` or `id`; one that is an address is that of the page unless there was one before."""
    attributes = state.attributes_of(element) if element.attrib else {}
    if len(element):
        raise Unsure
    is_permalink = attributes.get("ispermalink", "true") == "true"
    text = _address(state, element, is_resolved=is_permalink)
    state.store("id", text, depth)
    state.fields.setdefault("guidislink", is_permalink and "link" not in state.fields)
    if is_permalink:
        state.fields.setdefault("link", text)
