"""Walk a page's tree once and return its blocks, each with its place in the tree."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from lxml import etree

from ingestd.articles.body import marked_elements
from ingestd.articles.body.blocks import Block, Run, normalise_runs
from ingestd.articles.body.marked_elements import MarkedElement

# The elements that begin a block, and the block's tag; HTML elements and those of trafilatura's output.
_BLOCKS = {
    **dict.fromkeys("p div section article main header footer aside ab address dd dt figcaption row tr".split(), "p"),
    **dict.fromkeys(("list", "ul", "ol", "table", "figure", "body", "hr"), "p"),
    **dict.fromkeys(("item", "li"), "li"),
    **dict.fromkeys(("quote", "blockquote", "q"), "blockquote"),
    "h1": "h2", "h2": "h2", "head": "h3", "h3": "h3", "h4": "h4", "h5": "h4", "h6": "h4", "pre": "pre",
}  # fmt: skip
_INLINE = {"em": "em", "i": "em", "strong": "strong", "b": "strong"}
_RENDERED = {"#i": "em", "#b": "strong"}
_SKIPPED = frozenset("title script style noscript template iframe object svg form button select textarea".split())
# Forms are not skipped on pages: one may surround the whole page.
_SKIPPED_ON_PAGES = _SKIPPED - {"form"} | {"nav", "footer", "audio", "video", "canvas"}
_BREAK = "\n"
#: A `<br>` after a line of this length may be a line wrapped by hand within a paragraph.
_WRAPPED_LINE = range(60, 91)


@dataclass(frozen=True, slots=True)
class PlacedBlock:
    """A block and its place on the page."""

    block: Block
    #: The element that begins the block.
    element: etree._Element
    #: The elements around it that are marked as something other than the story, the outermost first.
    marks: tuple[MarkedElement, ...] = ()


def read_blocks(root: etree._Element, url: str | None = None) -> tuple[Block, ...]:
    """Return the blocks below an element of HTML or of trafilatura's output, in document order.

    Links resolve against `url`; without it they are dropped.  A `<br>` ends a paragraph, except after a line that
    does not end a sentence and is as long as hand-wrapped lines are.
    """
    return tuple(placed.block.resolved(url) for placed in _walk(root, _SKIPPED, marked=False))


def placed_blocks(root: etree._Element) -> tuple[PlacedBlock, ...]:
    """Return the blocks of a page, in document order, each with its place; links are as the page has them.

    `nav` and `footer` elements are left out.
    """
    return tuple(_walk(root, _SKIPPED_ON_PAGES, marked=True))


def _walk(root: etree._Element, skipped: frozenset[str], *, marked: bool) -> Iterator[PlacedBlock]:
    for context, runs in _runs_by_block(root, skipped, marked=marked):
        for line in _lines(runs):
            normalised = normalise_runs(line)
            if normalised:
                yield PlacedBlock(Block(context.tag, normalised), context.element, context.marks)


class _Context(NamedTuple):
    """The block tag, style and marks that apply to the text within an element."""

    tag: str
    style: tuple[str | None, str | None]
    #: The nearest element around the text that begins a block.
    element: etree._Element
    marks: tuple[MarkedElement, ...] = ()


def _runs_by_block(
    root: etree._Element, skipped: frozenset[str], *, marked: bool
) -> Iterator[tuple[_Context, list[Run]]]:
    """Yield the runs of each block with their context, without recursion, since a tree may be deeper than the stack."""
    contexts = [_Context("p", (None, None), root)]
    runs = list[Run]()
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        context = contexts[-1]
        if event == "start":
            if element.tag in skipped and not _is_attribution(element, context):
                walk.skip_subtree()
                contexts.append(context)
                continue
            inner = _inner_context(element, context, marked=marked)
            if inner.element is not context.element and runs:
                yield context, runs
                runs = []
            contexts.append(inner)
            _append_start(element, runs, inner.style)
            continue
        if event == "end":
            if context.element is element and runs:
                yield context, runs
                runs = []
            contexts.pop()
        if element is not root and element.tail:
            runs.append(Run(element.tail, *contexts[-1].style))
    if runs:
        yield contexts[0], runs


def _is_attribution(element: etree._Element, outer: _Context) -> bool:
    """Return whether an element is the footer of a quotation, which says who is quoted."""
    return outer.tag == "blockquote" and element.tag == "footer"


def _inner_context(element: etree._Element, outer: _Context, *, marked: bool) -> _Context:
    block = _block_tag(element, outer.tag)
    style = _style(element, outer.style)
    strength = marked_elements.mark_strength(element) if marked else 0
    if block is None and style is outer.style and not strength:
        return outer
    return _Context(
        block or outer.tag,
        style,
        element if block else outer.element,
        (*outer.marks, MarkedElement(element, strength)) if strength else outer.marks,
    )


def _append_start(element: etree._Element, runs: list[Run], style: tuple[str | None, str | None]) -> None:
    if element.tag in ("br", "lb"):
        runs.append(Run(_BREAK))
    elif element.tag in ("cell", "td", "th") and element.getprevious() is not None:
        runs.append(Run(" | "))
    if element.text:
        # A line end in the source is a space; only the run that stands for `<br>` is a break.
        runs.append(Run(element.text.replace(_BREAK, " "), *style))


def _block_tag(element: etree._Element, outer: str) -> str | None:
    tag = _BLOCKS.get(element.tag)
    if tag == "p" and outer in ("li", "blockquote"):
        return outer
    if element.tag == "figcaption" and marked_elements.names_quoted(element):
        return "blockquote"
    if element.tag == "head" and element.get("rend") in ("h1", "h2", "h4", "h5", "h6"):
        return _BLOCKS[element.get("rend")]
    return tag


def _style(element: etree._Element, outer: tuple[str | None, str | None]) -> tuple[str | None, str | None]:
    name = element.tag
    tag = _INLINE.get(name) or (_RENDERED.get(element.get("rend", "")) if name == "hi" else None)
    href = element.get("href") or element.get("target") if name in ("a", "ref") else None
    return outer if tag is None and href is None else (tag or outer[0], href or outer[1])


def _lines(runs: list[Run]) -> Iterator[list[Run]]:
    line: list[Run] = []
    for run in runs:
        if run.text == _BREAK and not _is_wrapped(line):
            yield line
            line = []
        else:
            line.append(run)
    yield line


def _is_wrapped(line: list[Run]) -> bool:
    before = "".join(run.text for run in line).strip()
    if line and line[-1].text == _BREAK:
        return False
    return len(before) in _WRAPPED_LINE and before[-1] not in '.!?…:"”»)。'
