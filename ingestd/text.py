"""Text of strangers: made safe to store, folded to compare, freed of markup."""

import re
import unicodedata
from functools import lru_cache
from html import unescape

from lxml import etree
from lxml import html as lxml_html

# What must not be stored or shown: control characters except tab and line ends (PostgreSQL refuses NUL),
# lone surrogates (no UTF-8), the marks that reverse the direction of what follows, and invisible spaces.
UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_MARKUP = re.compile(r"<[a-zA-Z/!?]|&[#a-zA-Z]")
# A "<" ends the search for ">", or a megabyte of "<" would take hours.
_TAG = re.compile(r"<[^<>]*>")
# Ignored within an element (WHATWG HTML, 13.2.6.4.7); libxml2 would end the page at </body>.
_PAGE_TAG = re.compile(r"</?(?:html|head|body)\b[^<>]*>", re.IGNORECASE)
_SILENT = ("script", "style", "noscript", "template", "iframe", "object", "title")
_BLOCKS = frozenset(
    "address article aside blockquote br dd div dl dt figcaption figure footer h1 h2 h3 h4 h5 h6 header hr li main nav "
    "ol p pre section table td th tr ul".split()
)


def clean(text: str) -> str:
    """Return text that every database and terminal takes: without controls, surrogates and direction marks."""
    # Nearly all text is printable, which rules out all that is unsafe, and is known four times as fast.
    return text if text.isprintable() else UNSAFE.sub("", text)


def collapse(text: str | None) -> str:
    """Return clean text on one line: every run of white space is one space, none at the ends."""
    if not text:
        return ""
    # Printable text has no white space but single spaces: most is as it should be, and known in a third of the time.
    if text.isprintable() and "  " not in text and text[0] != " " != text[-1]:
        return text
    return " ".join(clean(text).split())


def fold(text: str) -> str:
    """Return the form in which two texts are compared: NFKC, plain quotes and dashes, one line, no case."""
    # Before NFKC, which takes an acute accent apart into a space and a mark, and after it, which makes new dashes.
    folded = unicodedata.normalize("NFKC", text.translate(_FOLDS)).translate(_FOLDS)
    return collapse(folded).casefold()


_FOLDS = str.maketrans(
    {**dict.fromkeys("‘’‚‛´`", "'"), **dict.fromkeys("“”„‟«»", '"'), **dict.fromkeys("‐‑‒–—―−", "-"), "\xad": None}
)


def parse_fragment(markup: str) -> etree._Element:
    """Parse markup that may be anything into one `div` element; it never fails and loads nothing.

    What is nested deeper than the parser goes (256 levels) is lost.
    """
    try:
        # Not lxml's own fragment_fromstring: it closes the page behind the markup, and where a <textarea>
        # is left open "</body></html>" becomes text.
        page = lxml_html.document_fromstring("<html><body>" + _PAGE_TAG.sub("", clean(markup)))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        page = None
    div = None if page is None else page.find("body")
    if div is None:
        div = lxml_html.Element("div")
        div.text = _without_tags(markup)
        return div
    page.remove(div)
    div.tag = "div"
    return div


def _without_tags(markup: str) -> str:
    return clean(unescape(_TAG.sub(" ", markup)))


@lru_cache(maxsize=2)  # an entry's content is asked for twice in a row: for its fingerprint, and whether it is whole
def text_of(markup: str | None) -> str:
    """Return markup as text on one line: blocks apart, scripts left out, references resolved."""
    if not markup:
        return ""
    if not _MARKUP.search(markup):
        return collapse(unescape(markup))
    return collapse(" ".join(block_texts(parse_fragment(markup)))) or _text_too_deep(markup)


def _text_too_deep(markup: str) -> str:
    """Return what the parser lost in hundreds of nested elements; nothing where there was nothing to be shown."""
    if markup.count("<") < 256 or any(f"<{tag}" in markup.lower() for tag in _SILENT):
        return ""
    return collapse(_without_tags(markup))


def block_texts(root: etree._Element) -> list[str]:
    """Return the text of each block below an element, collapsed, in document order; empty ones are left out."""
    blocks: list[list[str]] = [[]]
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            if element.tag in _BLOCKS:
                blocks.append([])
            if element.tag in _SILENT:
                walk.skip_subtree()
            else:
                blocks[-1].append(element.text or "")
        elif element is not root:
            if element.tag in _BLOCKS:
                blocks.append([])
            blocks[-1].append(element.tail or "")
    return [text for text in (collapse("".join(parts)) for parts in blocks) if text]
