"""Handlers of elements that name people and subjects, and of those with fields of their own: images and sources."""

import re
from xml.etree.ElementTree import Element

from ingestd.formats.syndication.well_formed import values
from ingestd.formats.syndication.well_formed.names import Unsure
from ingestd.formats.syndication.well_formed.state import Fields, Handler, State, text_of, unknown
from ingestd.formats.syndication.well_formed.values import PLAIN

#: Part of an author that is text → the field that it is kept in.
_PARTS = {"name": "name", "email": "email", "url": "href", "uri": "href", "homepage": "href"}
#: Nesting of categories.
_MAX_DEPTH = 20
#: Characters of an author that has an address: the pattern takes quadratic time.
_MAX_AUTHOR = 1_000
#: As in feedparser, which cuts off domains with a long last part.
_ADDRESS = re.compile(
    r"(([a-zA-Z0-9\_\-\.\+]+)@((\[[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.)|(([a-zA-Z0-9\-]+\.)+))([a-zA-Z]{2,4}|[0-9]{1,3})"
    r"(\]?))(\?subject=\S+)?"
)
_ITUNES = "http://www.itunes.com/"
_MEDIA = "http://search.yahoo.com/mrss/category_schema"


def author(state: State, element: Element, depth: int) -> None:
    """Read an author: text, or elements for its parts."""
    fields = state.fields
    if element.attrib and values.states_language(state.attributes_of(element)):
        raise Unsure
    fields.setdefault("authors", []).append({})
    pieces = [element.text or ""]
    for child in element:
        _part(state, child, depth + 1)
        pieces.append(child.tail or "")
    state.store("author", values.value_of("".join(pieces)), depth)
    _complete(fields)


def _part(state: State, element: Element, depth: int) -> None:
    kind = _PARTS.get(state.names.of(element.tag))
    if kind is None:
        _unknown_part(state, element, depth)
        return
    text_of(state, element)
    value = (element.text or "").strip()
    if kind == "href" and value:
        value = values.value_of(state.resolved(value))
    fields = state.fields
    fields.setdefault("author_detail", {})[kind] = value
    _complete(fields)
    fields["authors"][-1][kind] = value


def _unknown_part(state: State, element: Element, depth: int) -> None:
    # With attributes, its text would be part of the author's.
    if len(element) or (element.attrib and element.text) or state.handler_of(element.tag) is not unknown:
        raise Unsure
    unknown(state, element, depth)


def _complete(fields: Fields) -> None:
    """Make the text of an author from its parts, or its parts from the text."""
    last = fields["authors"][-1]
    if not last:
        _split(fields, last)
    elif name := last.get("name"):
        fields["author"] = f"{name} ({last['email']})" if last.get("email") else name
    elif email := last.get("email"):
        fields["author"] = email


def _split(fields: Fields, last: Fields) -> None:
    text = fields.get("author")
    if not text:
        return
    address = None
    if "@" in text:
        if len(text) > _MAX_AUTHOR:
            raise Unsure
        if match := _ADDRESS.search(text):
            address = match[0]
            for sign in (address, "()", "<>", "&lt;&gt;"):
                text = text.replace(sign, "")
            text = text.strip().removeprefix("(").removesuffix(")").strip()
    fields.setdefault("author_detail", last)
    if text:
        last["name"] = text
    if address:
        last["email"] = address


def contributor(state: State, element: Element, depth: int) -> None:
    """Pass over a contributor."""
    if element.attrib:
        state.attributes_of(element)
    for child in element:
        if state.names.of(child.tag) in _PARTS:
            text_of(state, child)
        else:
            _unknown_part(state, child, depth + 1)


def owner(state: State, element: Element, depth: int) -> None:  # noqa: ARG001 - a handler
    """Pass over `itunes:owner`, which feedparser mixes up with the author."""
    if state.depths is not None or state.version.startswith("atom"):
        raise Unsure
    if element.attrib:
        state.attributes_of(element)
    for child in element:
        if state.names.of(child.tag).removeprefix("itunes_") not in ("name", "email"):
            raise Unsure
        text_of(state, child)


def category(state: State, element: Element, depth: int, scheme: str | None = None) -> None:  # noqa: ARG001
    """Read a category: a text, or the attributes of Atom."""
    attributes = state.attributes_of(element) if element.attrib else {}
    scheme = attributes.get("scheme", scheme or attributes.get("domain"))
    _add_tag(state, attributes.get("term"), scheme, attributes.get("label"))
    _end_category(state, text_of(state, element))


def media_category(state: State, element: Element, depth: int) -> None:
    """Read `media:category`."""
    category(state, element, depth, _MEDIA)


def itunes_category(state: State, element: Element, depth: int) -> None:
    """Read `itunes:category`, which may have others in it."""
    attributes = state.attributes_of(element) if element.attrib else {}
    _add_tag(state, attributes.get("text"), _ITUNES, None)
    if depth > _MAX_DEPTH:
        raise Unsure
    for child in element:
        if state.handler_of(child.tag) is not itunes_category:
            raise Unsure
        itunes_category(state, child, depth + 1)
    pieces = (element.text or "", *(child.tail or "" for child in element))
    _end_category(state, values.value_of("".join(pieces)))


def _end_category(state: State, text: str) -> None:
    tags = state.fields["tags"]
    if not text:
        return
    if tags and not tags[-1]["term"]:
        last = tags[-1]
        state.tags.discard((last["term"], last["scheme"], last["label"]))
        last["term"] = text
        state.tags.add((text, last["scheme"], last["label"]))
    else:
        _add_tag(state, text, None, None)


def _add_tag(state: State, term: str | None, scheme: str | None, label: str | None) -> None:
    tags = state.fields.setdefault("tags", [])
    tag = (term, scheme, label)
    if any(tag) and tag not in state.tags:
        state.tags.add(tag)
        tags.append({"term": term, "scheme": scheme, "label": label})


def keywords(scheme: str | None) -> Handler:
    """Return the handler of an element with keywords between commas."""

    def handler(state: State, element: Element, depth: int) -> None:  # noqa: ARG001 - a handler
        if element.attrib:
            raise Unsure
        for term in text_of(state, element).split(","):
            if term.strip():
                _add_tag(state, term.strip(), scheme, None)

    return handler


def image(state: State, element: Element, depth: int) -> None:
    """Pass over the image of a feed, and the title in it."""
    _pass_over_all(state, element, depth, _IMAGE_PARTS)


def text_input(state: State, element: Element, depth: int) -> None:
    """Pass over the `textInput` of a feed, and the title in it."""
    _pass_over_all(state, element, depth, _INPUT_PARTS)


def _pass_over_all(state: State, element: Element, depth: int, names: frozenset[str]) -> None:
    state.title_depth = -1
    if element.attrib:
        state.attributes_of(element)
    if len(element) and state.depths is not None:
        raise Unsure
    for child in element:
        _pass_over(state, child, depth + 1, names)


def source(state: State, element: Element, depth: int) -> None:
    """Pass over the feed that an entry is from, and its title."""
    state.title_depth = -1
    if element.attrib:
        state.attributes_of(element)
    for child in element:
        if state.names.of(child.tag) in ("author", "contributor"):
            contributor(state, child, depth + 1)
        else:
            _pass_over(state, child, depth + 1, _SOURCE_PARTS)


def _pass_over(state: State, element: Element, depth: int, names: frozenset[str]) -> None:
    name = state.names.of(element.tag)
    if name not in names:
        raise Unsure
    text = text_of(state, element)
    if name == "title":
        values.type_in(state.attributes_of(element), PLAIN)
        if text:
            state.title_depth = depth


# Any other ends an image or an input for feedparser.
_INPUT_PARTS = frozenset(("title", "link", "description", "name"))
_IMAGE_PARTS = frozenset(("title", "link", "url", "width", "height", "description"))
_SOURCE_PARTS = frozenset("category generator icon id link logo published rights subtitle title updated".split())
