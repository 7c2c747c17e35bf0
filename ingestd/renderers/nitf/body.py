"""Bodies of items as the blocks of NITF 3.6."""

from lxml import etree

from ingestd.model.item import Association, Item
from ingestd.model.markup import parse_fragment
from ingestd.model.plain_text import as_markup
from ingestd.renderers.xml_writer import Element, add, add_if, legal

_NAMESPACE = "http://iptc.org/std/NITF/2006-10-18/"
#: Before the names of elements.
P = f"{{{_NAMESPACE}}}"

#: HTML element → NITF element; of others only the content is written.
_ELEMENTS = {
    "p": "p", "h1": "hl2", "h2": "hl2", "h3": "hl2", "h4": "hl2", "h5": "hl2", "h6": "hl2", "pre": "pre",
    "ul": "ul", "ol": "ol", "li": "li", "dl": "dl", "dt": "dt", "dd": "dd", "blockquote": "bq",
    "table": "table", "thead": "thead", "tbody": "tbody", "tfoot": "tfoot", "tr": "tr", "td": "td", "th": "th",
    "caption": "caption", "em": "em", "i": "em", "strong": "em", "b": "em", "sub": "sub", "sup": "sup", "q": "q",
    "br": "br", "a": "a", "div": "p",
}  # fmt: skip
#: Left out with their content: what is not text.
_DROPPED = frozenset("script style template noscript iframe object svg math img video audio form".split())
#: Elements that hold blocks: text directly in them becomes a paragraph.
_HOLDERS = frozenset(("bq", "body.content"))
_INLINE = frozenset(("em", "sub", "sup", "q", "br", "a"))
#: Attributes that are kept.
_ATTRIBUTES = {"a": ("href",), "td": ("colspan", "rowspan"), "th": ("colspan", "rowspan")}
#: Nesting of elements: what lies deeper is written without its elements.
_MAX_DEPTH = 60
_MEDIA_TYPES = {"picture": "image", "graphic": "image", "video": "video", "audio": "audio", "text": "text"}


def add_body_content(parent: Element, item: Item) -> None:
    """Append `body.content` with the text and the media of an item."""
    content = add(parent, f"{P}body.content")
    markup = item.body_html or (as_markup(item.body_text.split("\n\n")) if item.body_text else "")
    if markup:
        _write(parse_fragment(markup), content, "body.content", 0)
    for one in item.associations:
        _add_media(content, one)


def _write(source: Element, target: Element, name: str, depth: int) -> None:
    """Write the content of an HTML element into the NITF element `name`."""
    _add_text(target, name, source.text)
    for child in source:
        tag = child.tag if isinstance(child.tag, str) else ""
        if tag and tag not in _DROPPED:
            _write_child(child, target, name, depth + 1)
        _add_text(target, name, child.tail)


def _write_child(child: Element, target: Element, name: str, depth: int) -> None:
    new = _ELEMENTS.get(child.tag)
    if new is None or depth > _MAX_DEPTH or (new == "p" and name not in _HOLDERS):
        _write(child, target, name, depth)
        return
    if new == "p" and child.tag == "div" and any(_ELEMENTS.get(one.tag) in _BLOCKS for one in child):
        _write(child, target, name, depth)
        return
    parent = _paragraph(target) if new in _INLINE and name in _HOLDERS else target
    element = add(parent, P + new)
    for attribute in _ATTRIBUTES.get(new, ()):
        if value := child.get(attribute):
            element.set(attribute, legal(value))
    if new == "bq":
        _write(child, add(element, f"{P}block"), "bq", depth)
    else:
        _write(child, element, new, depth)


def _paragraph(holder: Element) -> Element:
    """Return the paragraph at the end of an element that text without one is in; a new one, if there is none."""
    last = holder[-1] if len(holder) else None
    if last is not None and last.get("class") == "loose":
        return last
    return add(holder, f"{P}p", **{"class": "loose"})


def _add_text(target: Element, name: str, text: str | None) -> None:
    if not text:
        return
    if name in _HOLDERS:
        if text.isspace():
            return
        target = _paragraph(target)
    text = legal(text)
    if len(target):
        target[-1].tail = (target[-1].tail or "") + text
    else:
        target.text = (target.text or "") + text


_BLOCKS = frozenset(_ELEMENTS.values()) - _INLINE


def _add_media(content: Element, one: Association) -> None:
    if not one.renditions and not one.caption:
        return
    media = add(content, f"{P}media", media_type=_MEDIA_TYPES.get(one.type or "", "other"))
    for rendition in one.renditions:
        add(
            media,
            f"{P}media-reference",
            source=rendition.href,
            name=rendition.name,
            mime_type=rendition.contenttype,
            width=rendition.width,
            height=rendition.height,
        )
    add_if(media, f"{P}media-caption", one.caption)
    add_if(media, f"{P}media-producer", one.byline)


def new_root() -> Element:
    """Return an empty `nitf` element."""
    return etree.Element(f"{P}nitf", nsmap={None: _NAMESPACE})
