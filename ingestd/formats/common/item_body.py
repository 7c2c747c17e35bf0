"""Convert the body of an item (NITF, XHTML, similar XML, or text) to simple HTML and to plain paragraphs."""

import re
from collections.abc import Iterable
from html import escape, unescape

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.lenient_xml import Element, local_name, name_of
from ingestd.model.markup import block_texts, parse_fragment
from ingestd.text import clean, collapse

#: Element → HTML element: NITF 3.6 and XHTML 1; the last row has TT's Swedish names (citat: a line of speech).
_BLOCKS = {
    "p": "p", "h1": "h1", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6", "pre": "pre", "li": "li",
    "td": "td", "th": "th", "dt": "dt", "dd": "dd", "blockquote": "blockquote", "caption": "caption",
    "hl1": "h1", "hl2": "h2", "bq": "blockquote", "fn": "p", "note": "p", "datasource": "p",
    "citat": "p", "mellis": "h2", "rubrik": "h1", "fraga": "p", "svar": "p", "faktatext": "p",
}  # fmt: skip
#: Elements that only hold blocks; kept in the HTML.
_GROUPS = frozenset("ul ol dl table thead tbody tfoot tr".split())
#: Elements that begin a new block; their own tags are dropped.
_CONTAINERS = frozenset(
    "block div section article aside figure main body body.content html nitf center address ingress brodtext text "
    "faktaruta inlinexml datacontent nitf-table bodytext content".split()
)
_DIVISIONS = frozenset(("div", "section", "article", "address", "aside", "figure"))
#: Dropped with their content: heads, captions (they belong to their picture), anything that is not text.
_DROPPED = frozenset(
    "head header footer script style title body.head body.end media media-caption figcaption img object iframe "
    "template noscript nav tagline dat bilder bild video audio svg math form button".split()
)
_INLINE = {"em": "em", "i": "em", "strong": "strong", "b": "strong", "sub": "sub", "sup": "sup", "u": "u", "q": "q"}
_BLOCK_LEVEL = _BLOCKS.keys() | _GROUPS | _CONTAINERS
_UNSAFE_SCHEME = re.compile(r"[\s\x00-\x1f]*(?:javascript|vbscript|data|file):", re.IGNORECASE)

_TAG = re.compile(r"<[a-zA-Z/!]")


class _BodyWriter:
    """Collects blocks, each as markup and as plain text."""

    __slots__ = ("html", "line", "texts")

    def __init__(self) -> None:
        self.html: list[str] = []
        self.texts: list[str] = []
        #: Markup of the open block.
        self.line: list[str] = []

    def add_text(self, text: str | None) -> None:
        """Add text to the open block, opening one if needed; white space alone opens none."""
        if text and (self.line or not text.isspace()):
            self.line.append(escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text)

    def end_block(self, name: str) -> None:
        """Close the open block as an element `name`; an empty block is dropped."""
        if not self.line:
            return
        markup = collapse("".join(self.line))
        self.line.clear()
        text = _text_of_block(markup) if "<" in markup or "&" in markup else markup
        if text and not text.isspace():
            self.html.append(f"<{name}>{markup}</{name}>")
            self.texts.append(text)

    def add_plain_block(self, name: str, text: str) -> None:
        """Add a block that has text but no inline elements."""
        text = collapse(text)
        if text:
            markup = escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text
            self.html.append(f"<{name}>{markup}</{name}>")
            self.texts.append(text)


def body_of_elements(elements: Iterable[Element]) -> tuple[str | None, str | None]:
    """Return the body as HTML and as text, with a blank line between paragraphs; (None, None) when it is empty.

    Text outside any block becomes a paragraph.  Links and inline elements with a meaning (emphasis, sub, sup, quotes)
    stay; of other inline elements only the text stays.  Captions, heads, scripts and media are left out.
    """
    writer = _BodyWriter()
    for element in elements:
        _write_content(writer, element, "p")
        writer.end_block("p")
    if not writer.texts:
        return None, None
    return "".join(writer.html), "\n\n".join(writer.texts)


_INLINE_TAG = re.compile(r"</?[a-z]+(?: href=\"[^\"<>]*\")?>")


def _text_of_block(markup: str) -> str:
    """Return the text of a block's markup; each <br> becomes a line end."""
    return unescape(_INLINE_TAG.sub("", markup.replace("<br>", "\n"))).strip()


def _write_content(writer: _BodyWriter, element: Element, block: str) -> None:
    """Write the content of an element; its own text goes into blocks named `block`."""
    writer.add_text(element.text)
    for child in element:
        name = local_name(child.tag)
        if name in _BLOCKS:
            if writer.line:
                writer.end_block(block)
            _write_block(writer, child, _BLOCKS[name])
        elif name in _DROPPED or not name or (name == "figure" and not _has_table(child)):
            pass
        elif name == "br":
            writer.line.append("<br>")
        elif name in _GROUPS or name in _CONTAINERS:
            if writer.line:
                writer.end_block(block)
            _write_group(writer, child, name)
        else:
            _write_inline(writer, child, name, block)
        writer.add_text(child.tail)


def _has_table(figure: Element) -> bool:
    return next(figure.iter("{*}table", "{*}TABLE"), None) is not None


def _write_block(writer: _BodyWriter, element: Element, name: str) -> None:
    if len(element):
        _write_content(writer, element, name)
        writer.end_block(name)
    elif text := element.text:  # a short cut: most paragraphs have no child elements
        writer.add_plain_block(name, text)


def _write_group(writer: _BodyWriter, element: Element, name: str) -> None:
    """Write an element that holds blocks; text directly in a division becomes a <div>, not a paragraph."""
    inner = "div" if name in _DIVISIONS else "p"
    if name in _GROUPS:
        writer.html.append(f"<{name}>")
    before = len(writer.texts)
    _write_content(writer, element, inner)
    writer.end_block(inner)
    if name in _GROUPS:
        writer.html.append(f"</{name}>")
    if name == "tr" and len(writer.texts) > before:
        # In the plain text a table row is one line.
        writer.texts[before:] = ["\t".join(writer.texts[before:])]


def _write_inline(writer: _BodyWriter, element: Element, name: str, block: str) -> None:
    opened, closed = "", ""
    if len(element) and any(name_of(one) in _BLOCK_LEVEL for one in element.iter()):
        pass  # a link around paragraphs is dropped: its start and end tag would land in different blocks
    elif kept := _INLINE.get(name):
        opened, closed = f"<{kept}>", f"</{kept}>"
    elif name == "a" and (href := xml.attributes(element).get("href")) and not _UNSAFE_SCHEME.match(href):
        opened, closed = f'<a href="{escape(collapse(href))}">', "</a>"
    if opened:
        writer.line.append(opened)
    _write_content(writer, element, block)
    if opened:
        writer.line.append(closed)


def body_of_text(text: str) -> tuple[str | None, str | None]:
    """Return the HTML and text of a body sent as text: escaped markup, or plain text with a paragraph per line."""
    text = clean(text)
    if _TAG.search(text):
        blocks = block_texts(parse_fragment(text))
        return text.strip() or None, "\n\n".join(blocks) or None
    lines = [line for line in map(collapse, text.splitlines()) if line]
    return paragraphs_as_markup(lines), "\n\n".join(lines) or None


def paragraphs_as_markup(paragraphs: Iterable[str]) -> str | None:
    """Return paragraphs of plain text as HTML; None when there are none."""
    return "".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs) or None
