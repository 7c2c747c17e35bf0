"""The text of an item out of its XML: NITF, XHTML and their kin, as paragraphs and as markup of few elements."""

import re
from collections.abc import Iterable
from html import escape, unescape

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.lenient_xml import Element, local_name, name_of
from ingestd.model.markup import block_texts, parse_fragment
from ingestd.text import clean, collapse

#: Element → what it becomes: NITF 3.6 beside XHTML 1; in the last row TT's Swedish names (citat: a line of speech).
_BLOCKS = {
    "p": "p", "h1": "h1", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6", "pre": "pre", "li": "li",
    "td": "td", "th": "th", "dt": "dt", "dd": "dd", "blockquote": "blockquote", "caption": "caption",
    "hl1": "h1", "hl2": "h2", "bq": "blockquote", "fn": "p", "note": "p", "datasource": "p",
    "citat": "p", "mellis": "h2", "rubrik": "h1", "fraga": "p", "svar": "p", "faktatext": "p",
}  # fmt: skip
#: What only holds blocks, and is kept as it is.
_GROUPS = frozenset("ul ol dl table thead tbody tfoot tr".split())
#: What breaks a line of text into two blocks, and is left out itself.
_BORDERS = frozenset(
    "block div section article aside figure main body body.content html nitf center address ingress brodtext text "
    "faktaruta inlinexml datacontent nitf-table bodytext content".split()
)
_DIVISIONS = frozenset(("div", "section", "article", "address", "aside", "figure"))
#: Left out with all that is in them: heads, captions (they go with their picture), what is no text.
_SILENT = frozenset(
    "head header footer script style title body.head body.end media media-caption figcaption img object iframe "
    "template noscript nav tagline dat bilder bild video audio svg math form button".split()
)
_INLINE = {"em": "em", "i": "em", "strong": "strong", "b": "strong", "sub": "sub", "sup": "sup", "u": "u", "q": "q"}
_BREAKING = _BLOCKS.keys() | _GROUPS | _BORDERS
_ACTIVE = re.compile(r"[\s\x00-\x1f]*(?:javascript|vbscript|data|file):", re.IGNORECASE)

_TAGS = re.compile(r"<[a-zA-Z/!]")


class _Writer:
    """Collects blocks, each as markup and as text."""

    __slots__ = ("html", "line", "texts")

    def __init__(self) -> None:
        self.html: list[str] = []
        self.texts: list[str] = []
        #: The markup of the block that is open.
        self.line: list[str] = []

    def say(self, text: str | None) -> None:
        """Add text to the block that is open; white space opens none."""
        if text and (self.line or not text.isspace()):
            self.line.append(escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text)

    def end(self, name: str) -> None:
        """Close the block that is open; an empty one is left out."""
        if not self.line:
            return
        markup = collapse("".join(self.line))
        self.line.clear()
        text = _plain(markup) if "<" in markup or "&" in markup else markup
        if text and not text.isspace():
            self.html.append(f"<{name}>{markup}</{name}>")
            self.texts.append(text)

    def whole(self, name: str, text: str) -> None:
        """Write a block that is nothing but text."""
        text = collapse(text)
        if text:
            markup = escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text
            self.html.append(f"<{name}>{markup}</{name}>")
            self.texts.append(text)


def body_of_elements(elements: Iterable[Element]) -> tuple[str | None, str | None]:
    """Return the text in elements as markup and as paragraphs, an empty line between them; None where there is none.

    Text outside any block is a paragraph.  Inline elements that mean something to a reader stay, links too; all
    others go and leave their text.  Captions, heads, scripts and media are left out.
    """
    writer = _Writer()
    for element in elements:
        _write(writer, element, "p")
        writer.end("p")
    if not writer.texts:
        return None, None
    return "".join(writer.html), "\n\n".join(writer.texts)


_INLINE_TAG = re.compile(r"</?[a-z]+(?: href=\"[^\"<>]*\")?>")


def _plain(markup: str) -> str:
    """Return the text of a block's markup, a line a <br>."""
    return unescape(_INLINE_TAG.sub("", markup.replace("<br>", "\n"))).strip()


def _write(writer: _Writer, element: Element, block: str) -> None:
    """Write what is in an element; `block` is what text of its own belongs to."""
    writer.say(element.text)
    for child in element:
        name = local_name(child.tag)
        if name in _BLOCKS:
            if writer.line:
                writer.end(block)
            _write_block(writer, child, _BLOCKS[name])
        elif name in _SILENT or not name or (name == "figure" and not _has_table(child)):
            pass
        elif name == "br":
            writer.line.append("<br>")
        elif name in _GROUPS or name in _BORDERS:
            if writer.line:
                writer.end(block)
            _write_group(writer, child, name)
        else:
            _write_inline(writer, child, name, block)
        writer.say(child.tail)


def _has_table(figure: Element) -> bool:
    return next(figure.iter("{*}table", "{*}TABLE"), None) is not None


def _write_block(writer: _Writer, element: Element, name: str) -> None:
    if len(element):
        _write(writer, element, name)
        writer.end(name)
    elif text := element.text:  # most paragraphs have nothing in them but text
        writer.whole(name, text)


def _write_group(writer: _Writer, element: Element, name: str) -> None:
    """Write an element that holds blocks; text right in a division is a block, but nobody called it a paragraph."""
    inner = "div" if name in _DIVISIONS else "p"
    if name in _GROUPS:
        writer.html.append(f"<{name}>")
    before = len(writer.texts)
    _write(writer, element, inner)
    writer.end(inner)
    if name in _GROUPS:
        writer.html.append(f"</{name}>")
    if name == "tr" and len(writer.texts) > before:
        # A row is a line.
        writer.texts[before:] = ["\t".join(writer.texts[before:])]


def _write_inline(writer: _Writer, element: Element, name: str, block: str) -> None:
    opened, closed = "", ""
    if len(element) and any(name_of(one) in _BREAKING for one in element.iter()):
        pass  # no link around paragraphs: its marks would be torn apart
    elif kept := _INLINE.get(name):
        opened, closed = f"<{kept}>", f"</{kept}>"
    elif name == "a" and (href := xml.attributes(element).get("href")) and not _ACTIVE.match(href):
        opened, closed = f'<a href="{escape(collapse(href))}">', "</a>"
    if opened:
        writer.line.append(opened)
    _write(writer, element, block)
    if opened:
        writer.line.append(closed)


def body_of_text(text: str) -> tuple[str | None, str | None]:
    """Return a body that was sent as text, which may be escaped markup; in plain text a line is a paragraph."""
    text = clean(text)
    if _TAGS.search(text):
        blocks = block_texts(parse_fragment(text))
        return text.strip() or None, "\n\n".join(blocks) or None
    lines = [line for line in map(collapse, text.splitlines()) if line]
    return paragraphs_as_markup(lines), "\n\n".join(lines) or None


def paragraphs_as_markup(paragraphs: Iterable[str]) -> str | None:
    """Return paragraphs of plain text as markup; None when there are none."""
    return "".join(f"<p>{escape(text, quote=False)}</p>" for text in paragraphs) or None
