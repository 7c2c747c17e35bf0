"""Convert the body of an item (NITF, XHTML, similar XML, or text) to simple HTML and to plain paragraphs."""

import re
from collections.abc import Iterable
from html import escape, unescape

from ingestd.formats.common import lenient_xml as xml
from ingestd.formats.common.lenient_xml import Element, local_name, name_of
from ingestd.model import plain_text
from ingestd.model.markup import parse_fragment
from ingestd.text import clean, collapse

#: Element → HTML element: NITF 3.6 and XHTML 1; the last row has TT's Swedish names (citat: a line of speech).
_BLOCKS = {
    "p": "p", "h1": "h1", "h2": "h2", "h3": "h3", "h4": "h4", "h5": "h5", "h6": "h6", "pre": "pre", "li": "li",
    "dt": "dt", "dd": "dd", "caption": "caption",
    "hl1": "h1", "hl2": "h2", "fn": "p", "note": "p", "credit": "p", "datasource": "p",
    "citat": "p", "mellis": "h2", "rubrik": "h1", "fraga": "p", "svar": "p", "faktatext": "p",
}  # fmt: skip
#: Elements that only hold blocks; kept in the HTML.
_GROUPS = frozenset("ul ol dl table thead tbody tfoot".split())
_QUOTATIONS = frozenset(("blockquote", "bq"))
_CELLS = frozenset(("td", "th"))
#: Elements that begin a new block; their own tags are dropped.
_CONTAINERS = frozenset(
    "block div section article aside figure main body body.content html nitf center address ingress brodtext text "
    "faktaruta inlinexml datacontent nitf-table bodytext content".split()
)
#: Dropped from HTML that is sent as text, whose captions and heads are in no other field.
_DROPPED_FROM_HTML = frozenset("script style title object iframe template noscript".split())
_DIVISIONS = frozenset(("div", "section", "article", "address", "aside", "figure"))
#: Dropped with their content: heads, captions (they belong to their picture), anything that is not text.
_DROPPED = frozenset(
    "head header footer script style title body.head body.end media media-caption figcaption img object iframe "
    "template noscript nav tagline dat bilder bild video audio svg math form button".split()
)
_INLINE = {"em": "em", "i": "em", "strong": "strong", "b": "strong", "sub": "sub", "sup": "sup", "u": "u", "q": "q"}
_BLOCK_LEVEL = _BLOCKS.keys() | _GROUPS | _CONTAINERS | _QUOTATIONS | _CELLS | {"tr"}
#: Blocks whose lines may be parted into several of their kind.
_DIVISIBLE = frozenset(("p", "div"))
#: A longer cell (characters) holds text rather than a value: its table sets out the page.
_MAX_CELL = 300
#: A body with so many paragraphs is set in them: two <br> in a row within one are a blank line in it.
_SET_IN_PARAGRAPHS = 5
# Entities that were escaped twice: `&lt;` and `&gt;` may be meant.
_ESCAPED_TWICE = re.compile(r"&amp;(?!(?:lt|gt|amp);)(?=(?:[a-zA-Z]{2,31}\d{0,2}|#\d{2,6}|#[xX][\da-fA-F]{2,5});)")
_UNSAFE_SCHEME = re.compile(r"[\s\x00-\x1f]*(?:javascript|vbscript|data|file):", re.IGNORECASE)

_TAG = re.compile(r"<[a-zA-Z/!]")


class _BodyWriter:
    """Collects blocks, each as markup and as plain text."""

    __slots__ = ("divides", "dropped", "html", "line", "texts")

    def __init__(self, dropped: frozenset[str] = _DROPPED, *, divides: bool = True) -> None:
        self.html: list[str] = []
        self.texts: list[str] = []
        #: Markup of the open block.
        self.line: list[str] = []
        #: Names of elements that are left out.
        self.dropped = dropped
        #: Whether two <br> in a row part a block into two of its kind.
        self.divides = divides

    def add_text(self, text: str | None) -> None:
        """Add text to the open block, opening one if needed; white space alone opens none."""
        if text and (self.line or not text.isspace()):
            self.line.append(_escaped(text))

    def end_block(self, name: str) -> None:
        """Close the open block as an element `name`; an empty block is dropped."""
        if not self.line:
            return
        markup = "".join(self.line)
        self.line.clear()
        self._add(name, markup)

    def add_plain_block(self, name: str, text: str) -> None:
        """Add a block that has text but no inline elements."""
        self._add(name, _escaped(text))

    def _add(self, name: str, markup: str) -> None:
        if name == "pre":
            self._add_block("pre", _preformatted(markup))
        elif name in _DIVISIBLE and "\n" in markup and plain_text.has_layout(markup) and "<br>" not in markup:
            paragraphs = plain_text.paragraphs_of(markup)
            if not all(map(_is_balanced, paragraphs)):
                paragraphs = [collapse(markup)]
            for paragraph in paragraphs:
                kept = "pre" if plain_text.is_table(paragraph) else name
                self._add_block(kept, paragraph if kept == "pre" else paragraph.replace("\n", "<br>"))
        elif "<br>" not in markup:
            self._add_block(name, collapse(markup))
        else:
            paragraphs = _parted_by_breaks(markup, divisible=name in _DIVISIBLE)
            for paragraph in paragraphs if self.divides else ["<br><br>".join(paragraphs)]:
                self._add_block(name, paragraph)

    def _add_block(self, name: str, markup: str) -> None:
        text = _text_of_block(markup) if "<" in markup or "&" in markup else markup
        if text and not text.isspace():
            self.html.append(f"<{name}>{markup}</{name}>")
            self.texts.append(text)


def _escaped(text: str) -> str:
    if "&" not in text and "<" not in text and ">" not in text:
        return text
    markup = escape(text, quote=False)
    return _ESCAPED_TWICE.sub("&", markup) if ";" in text else markup


def _preformatted(markup: str) -> str:
    lines = clean(markup).replace("\r\n", "\n").replace("<br>", "\n").replace("\xa0", " ").split("\n")
    lines = [line.rstrip() for line in lines]
    while lines and not lines[0]:
        lines.pop(0)
    return "\n".join(lines).rstrip()


def _parted_by_breaks(markup: str, *, divisible: bool) -> list[str]:
    """Return the paragraphs that two <br> in a row part, each with its lines; wrapped lines are joined."""
    groups: list[list[str]] = [[]]
    for line in map(collapse, markup.split("<br>")):
        if line:
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    paragraphs = []
    for lines in filter(None, groups):
        joins = plain_text.broken_off(lines)
        ends = [" " if goes_on else "<br>" for goes_on in joins]
        paragraphs.append("".join(map("".join, zip(lines, [*ends, ""], strict=True))))
    return paragraphs if divisible and all(map(_is_balanced, paragraphs)) else ["<br>".join(paragraphs)]


def _is_balanced(markup: str) -> bool:
    """Return whether each inline element of a part of a block ends in it."""
    return markup.count("</") * 2 + markup.count("<br>") == markup.count("<")


def body_of_elements(elements: Iterable[Element]) -> tuple[str | None, str | None]:
    """Return the body as HTML and as text, with a blank line between paragraphs; (None, None) when it is empty.

    Text outside any block becomes a paragraph.  Links and inline elements with a meaning (emphasis, sub, sup, quotes)
    stay; of other inline elements only the text stays.  Captions, heads, scripts and media are left out.  The lines of
    `pre` stay, and so do those of an agency's text that was put into one element: see `plain_text.has_layout`.
    """
    elements = list(elements)
    paragraphs = sum(
        1 for element in elements for one in element.iter("{*}p", "{*}P") if (one.text or "").strip() or len(one)
    )
    return _body(_BodyWriter(divides=paragraphs < _SET_IN_PARAGRAPHS), elements)


def text_of_markup(markup: str) -> str | None:
    """Return the text of HTML with a blank line between blocks; lines of `pre`, rows and <br> stay lines."""
    return _body(_BodyWriter(_DROPPED_FROM_HTML), [parse_fragment(markup)])[1]


def _body(writer: _BodyWriter, elements: Iterable[Element]) -> tuple[str | None, str | None]:
    for element in elements:
        _write_content(writer, element, "p")
        writer.end_block("p")
    if not writer.texts:
        return None, None
    return "".join(writer.html), "\n\n".join(writer.texts)


_INLINE_TAG = re.compile(r"</?[a-z]+(?: href=\"[^\"<>]*\")?>")


def _text_of_block(markup: str) -> str:
    """Return the text of a block's markup; each <br> becomes a line end."""
    return unescape(_INLINE_TAG.sub("", markup.replace("<br>", "\n"))).strip("\r\n")


def _write_content(writer: _BodyWriter, element: Element, block: str) -> None:
    """Write the content of an element; its own text goes into blocks named `block`."""
    writer.add_text(element.text)
    for child in element:
        name = local_name(child.tag)
        if name in _BLOCKS:
            if writer.line:
                writer.end_block(block)
            _write_block(writer, child, _BLOCKS[name] if block != "pre" else "pre")
        elif name in writer.dropped or not name or (name == "figure" and _is_picture(writer, child)):
            pass
        elif name == "br":
            writer.line.append("<br>")
        elif name in _BLOCK_LEVEL:
            if writer.line:
                writer.end_block(block)
            _write_group(writer, child, name)
        else:
            _write_inline(writer, child, name, block)
        writer.add_text(child.tail)


def _is_picture(writer: _BodyWriter, figure: Element) -> bool:
    return "figcaption" in writer.dropped and next(figure.iter("{*}table", "{*}TABLE"), None) is None


def _write_block(writer: _BodyWriter, element: Element, name: str) -> None:
    if len(element):
        _write_content(writer, element, name)
        writer.end_block(name)
    elif text := element.text:  # a short cut: most paragraphs have no child elements
        writer.add_plain_block(name, text)


def _write_group(writer: _BodyWriter, element: Element, name: str) -> None:
    """Write an element that holds blocks; text directly in a division becomes a <div>, not a paragraph."""
    if name == "tr":
        _write_row(writer, element)
        return
    if name in _QUOTATIONS:
        _write_quotation(writer, element)
        return
    inner = "div" if name in _DIVISIONS else "p"
    if name in _GROUPS:
        writer.html.append(f"<{name}>")
    _write_content(writer, element, inner)
    writer.end_block(inner)
    if name in _GROUPS:
        writer.html.append(f"</{name}>")


def _write_quotation(writer: _BodyWriter, element: Element) -> None:
    """Write a quotation: one block, or several, of which the last may say who is quoted (NITF: `credit`)."""
    if not any(name_of(one) in _BLOCK_LEVEL for one in element.iter() if one is not element):
        _write_content(writer, element, "blockquote")
        writer.end_block("blockquote")
        return
    inner = _BodyWriter(writer.dropped)
    _write_content(inner, element, "p")
    inner.end_block("p")
    if inner.texts:
        writer.html += ["<blockquote>", *inner.html, "</blockquote>"]
        writer.texts += inner.texts


def _write_row(writer: _BodyWriter, row: Element) -> None:
    """Write a row of a table: in the text it is one line, unless its cells hold tables or long texts."""
    cells: list[_BodyWriter] = []
    for child in row:
        if (name := name_of(child)) not in _CELLS:
            continue
        cell = _BodyWriter(writer.dropped)
        _write_block(cell, child, "p")
        markup = "".join(cell.html)
        if len(cell.html) == 1 and markup.startswith("<p>"):
            markup = markup[3:-4]
        given = xml.attributes(child)
        spans = "".join(f' {span}="{given[span]}"' for span in ("colspan", "rowspan") if given.get(span, "").isdigit())
        cell.html = [f"<{name}{spans}>{markup}</{name}>"]
        cells.append(cell)
    if not any(cell.texts for cell in cells):
        return
    writer.html.append(f"<tr>{''.join(cell.html[0] for cell in cells)}</tr>")
    if any("<table>" in cell.html[0] or sum(map(len, cell.texts)) > _MAX_CELL for cell in cells):
        for cell in cells:
            writer.texts += cell.texts
    else:
        writer.texts.append("\t".join(" ".join(" ".join(cell.texts).split()) for cell in cells).rstrip("\t"))


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
    """Return the HTML and text of a body sent as text: escaped markup, or plain text (`plain_text.paragraphs_of`)."""
    text = clean(text)
    if _TAG.search(text):
        return text.strip() or None, text_of_markup(text)
    paragraphs = plain_text.paragraphs_of(text)
    return paragraphs_as_markup(paragraphs), "\n\n".join(paragraphs) or None


def paragraphs_as_markup(paragraphs: Iterable[str]) -> str | None:
    """Return paragraphs of plain text as HTML; None when there are none."""
    return plain_text.as_markup(paragraphs) or None
