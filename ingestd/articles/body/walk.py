"""A page's tree to its blocks: one walk, which also says where each block stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from ingestd.articles.body import marked_elements
from ingestd.articles.body.blocks import Block, Run, normalise_runs
from ingestd.articles.body.marked_elements import MarkedElement

# Where a block begins, and what it is called; the elements of trafilatura's output stand beside those of HTML.
_BLOCKS = {
    **dict.fromkeys("p div section article main header footer aside ab address dd dt figcaption row tr".split(), "p"),
    **dict.fromkeys(("list", "ul", "ol", "table", "figure", "body", "hr"), "p"),
    **dict.fromkeys(("item", "li"), "li"),
    **dict.fromkeys(("quote", "blockquote", "q"), "blockquote"),
    "h1": "h2", "h2": "h2", "head": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4", "pre": "pre",
}  # fmt: skip
_INLINE = {"em": "em", "i": "em", "strong": "strong", "b": "strong"}
_RENDERED = {"#i": "em", "#b": "strong"}
_SILENT = frozenset("title script style noscript template iframe object svg form button select textarea".split())
# A form may be around a whole page.
_SILENT_ON_PAGES = _SILENT - {"form"} | {"nav", "footer", "audio", "video", "canvas"}
_BREAK = "\n"
#: A line this long before a `<br>` may be one of a paragraph that was wrapped by hand.
_WRAPPED_LINE = range(60, 91)


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block and where it stands on its page."""

    block: Block
    #: The element that begins the block.
    element: etree._Element
    #: Every element around it that says it is not the story, from the outside in.
    marks: tuple[MarkedElement, ...] = ()


def read_blocks(root: etree._Element, url: str | None = None) -> tuple[Block, ...]:
    """Return the blocks below an element, HTML or as trafilatura returns it, in document order.

    Links resolve against `url` and are dropped without it.  A `<br>` ends a paragraph, except after
    a line as long as wrapped ones are that does not end a sentence.
    """
    return tuple(placed.block.resolved(url) for placed in _placed(root, _SILENT, marked=False))


def placed_blocks(root: etree._Element) -> tuple[PlacedBlock, ...]:
    """Return the blocks of a page, in document order, each with its place; links are as the page has them.

    Menus and footers that are marked up as such are left out.
    """
    return tuple(_placed(root, _SILENT_ON_PAGES, marked=True))


def _placed(root: etree._Element, silent: frozenset[str], *, marked: bool) -> Iterator[PlacedBlock]:
    for place, runs in _stretches(root, silent, marked=marked):
        for line in _lines(runs):
            settled = normalise_runs(line)
            if settled:
                yield PlacedBlock(Block(place.tag, settled), place.element, place.marks)


class _Place(NamedTuple):
    """What holds for the text within an element."""

    tag: str
    look: tuple[str | None, str | None]
    #: The block element that it belongs to.
    element: etree._Element
    marks: tuple[MarkedElement, ...] = ()


def _stretches(root: etree._Element, silent: frozenset[str], *, marked: bool) -> Iterator[tuple[_Place, list[Run]]]:
    """Walk the tree without recursion: it may be deeper than Python's stack."""
    places = [_Place("p", (None, None), root)]
    runs = list[Run]()
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        place = places[-1]
        if event == "start":
            if element.tag in silent:
                walk.skip_subtree()
                places.append(place)
                continue
            inner = _place_in(element, place, marked=marked)
            if inner.element is not place.element and runs:
                yield place, runs
                runs = []
            places.append(inner)
            _open(element, runs, inner.look)
            continue
        if event == "end":
            if place.element is element and runs and element.tag not in silent:
                yield place, runs
                runs = []
            places.pop()
        if element is not root and element.tail:
            runs.append(Run(element.tail, *places[-1].look))
    if runs:
        yield places[0], runs


def _place_in(element: etree._Element, outer: _Place, *, marked: bool) -> _Place:
    block = _block_tag(element, outer.tag)
    look = _look(element, outer.look)
    strength = marked_elements.mark_strength(element) if marked else 0
    if block is None and look is outer.look and not strength:
        return outer
    return _Place(
        block or outer.tag,
        look,
        element if block else outer.element,
        (*outer.marks, MarkedElement(element, strength)) if strength else outer.marks,
    )


def _open(element: etree._Element, runs: list[Run], look: tuple[str | None, str | None]) -> None:
    if element.tag in ("br", "lb"):
        runs.append(Run(_BREAK))
    elif element.tag in ("cell", "td", "th") and element.getprevious() is not None:
        runs.append(Run(" | "))
    if element.text:
        # A line end of the source is a space; only our own mark is a break.
        runs.append(Run(element.text.replace(_BREAK, " "), *look))


def _block_tag(element: etree._Element, outer: str) -> str | None:
    tag = _BLOCKS.get(element.tag)
    if tag == "p" and outer in ("li", "blockquote"):
        return outer
    if element.tag == "head" and element.get("rend") in ("h1", "h2", "h4", "h5", "h6"):
        return _BLOCKS[element.get("rend")]
    return tag


def _look(element: etree._Element, outer: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    name = element.tag
    tag = _INLINE.get(name) or (_RENDERED.get(element.get("rend", "")) if name == "hi" else None)
    href = element.get("href") or element.get("target") if name in ("a", "ref") else None
    return outer if tag is None and href is None else (tag or outer[0], href or outer[1])


def _lines(runs: list[Run]) -> Iterator[list[Run]]:
    line: list[Run] = []
    for run in runs:
        if run.text == _BREAK and not _goes_on(line):
            yield line
            line = []
        else:
            line.append(run)
    yield line


def _goes_on(line: list[Run]) -> bool:
    before = "".join(run.text for run in line).strip()
    if line and line[-1].text == _BREAK:
        return False
    return len(before) in _WRAPPED_LINE and before[-1] not in '.!?…:"”»)。'
