"""Walk a page's tree once and return its blocks, each with its place in the tree."""

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from lxml import etree

from ingestd.articles.body import marked_elements
from ingestd.articles.body.blocks import Block, Run, normalise_lines, normalise_runs
from ingestd.articles.body.marked_elements import MarkedElement
from ingestd.model import plain_text

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
_SKIPPED = frozenset("title script style noscript template iframe object svg form button select textarea rt rp".split())
# Forms are not skipped on pages: one may surround the whole page.
_SKIPPED_ON_PAGES = _SKIPPED - {"form"} | {"nav", "footer", "audio", "video", "canvas"}
#: Elements that may have a style, and those whose text is set apart by a character.
_STYLED = frozenset((*_INLINE, "hi", "a", "ref"))
_SEPARATE = frozenset(("br", "lb", "cell", "td", "th"))
#: Elements that may have a context of their own; all others share that of the element around.
_WITH_CONTEXT = frozenset((*_BLOCKS, *_STYLED, "time"))
_BREAK = "\n"
_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")
_TIME_OF_DAY = re.compile(r"[\dT ]\d\s?[:.h時时点시]\s?[0-5]\d(?!\d)")
#: Characters of a clock in words: "Aktualisiert vor 12 Minuten".
_MAX_CLOCK = 60
#: A row of a table is one line if it has at most so many elements, and no cell of more characters or with a list.
_ROW_ELEMENTS, _ROW_CELL = 200, 200
_NOT_IN_ROW = frozenset("table ul ol dl h1 h2 h3 h4 h5 h6 blockquote pre figure article section form".split())


class PlacedBlock(NamedTuple):
    """A block and its place on the page."""

    block: Block
    #: The element that begins the block.
    element: etree._Element
    #: The elements around it that are marked as something other than the story, the outermost first.
    marks: tuple[MarkedElement, ...] = ()


def read_blocks(root: etree._Element, url: str | None = None) -> tuple[Block, ...]:
    """Return the blocks below an element of HTML or of trafilatura's output, in document order.

    Links resolve against `url`; without it they are dropped.  A `<br>` ends a paragraph, except after a line that was
    wrapped by hand: see `plain_text.broken_off`.
    """
    return tuple(placed.block.resolved(url) for placed in _walk(root, _SKIPPED, marked=False))


def placed_blocks(root: etree._Element) -> tuple[PlacedBlock, ...]:
    """Return the blocks of a page, in document order, each with its place; links are as the page has them.

    `nav` and `footer` elements are left out.
    """
    return tuple(_walk(root, _SKIPPED_ON_PAGES, marked=True))


def _walk(root: etree._Element, skipped: frozenset[str], *, marked: bool) -> Iterator[PlacedBlock]:
    for context, runs in _runs_by_block(root, skipped, marked=marked):
        if runs[0].text.isspace() and (len(runs) == 1 or all(run.text.isspace() for run in runs)):
            continue  # half of them: the white space between elements
        if context.tag == "pre":
            for part in _preformatted_parts(runs):
                yield PlacedBlock(Block("pre", part), context.element, context.marks)
            continue
        for line in _lines(runs):
            normalised = normalise_runs(line)
            if normalised and not (context.tag == "p" and _ClockRun in map(type, line) and _is_clock(line)):
                yield PlacedBlock(Block(context.tag, normalised), context.element, context.marks)


class _ClockRun(Run):
    """A run of text in a `time` element that tells a time of day."""


def _is_clock(line: list[Run]) -> bool:
    """Return whether a line has nothing but a short `time` element with a time of day, in whatever words."""
    printed = [run for run in line if run.text.strip()]
    return all(isinstance(run, _ClockRun) for run in printed) and sum(len(run.text) for run in printed) <= _MAX_CLOCK


def _tells_time_of_day(element: etree._Element) -> bool:
    return _TIME_OF_DAY.search(element.get("datetime") or element.text or "") is not None


def _preformatted_parts(runs: list[Run]) -> Iterator[tuple[Run, ...]]:
    """Yield preformatted text in the parts between its blank lines."""
    part: list[Run] = []
    for run in runs:
        pieces = _BLANK_LINES.split(run.text)
        for piece in pieces[:-1]:
            yield from filter(None, [normalise_lines([*part, run._replace(text=piece)])])
            part = []
        part.append(run._replace(text=pieces[-1]))
    yield from filter(None, [normalise_lines(part)])


class _Context(NamedTuple):
    """The block tag, style and marks that apply to the text within an element."""

    tag: str
    style: tuple[str | None, str | None]
    #: The nearest element around the text that begins a block.
    element: etree._Element
    marks: tuple[MarkedElement, ...] = ()
    #: Whether it is a row of a table, which is one line.
    in_row: bool = False
    in_clock: bool = False


def _runs_by_block(
    root: etree._Element, skipped: frozenset[str], *, marked: bool
) -> Iterator[tuple[_Context, list[Run]]]:
    """Yield the runs of each block with their context, without recursion, since a tree may be deeper than the stack.

    White space before the first word of a block is left out, but in `pre`.
    """
    context = _Context("p", (None, None), root)
    outer: list[_Context] = []  # of the elements around
    runs: list[Run] = []
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        if event == "start":
            outer.append(context)
            tag = element.tag
            # The footer of a quotation says who is quoted.
            if tag in skipped and not (tag == "footer" and context.tag == "blockquote"):
                walk.skip_subtree()
                continue
            strength = marked_elements.mark_strength(element) if marked else 0
            if strength or tag in _WITH_CONTEXT:
                inner = _inner_context(element, context, strength)
                if runs and inner.element is not context.element:
                    yield context, runs
                    runs = []
                context = inner
            _append_start(element, runs, context)
            continue
        if event == "end":
            if runs and context.element is element:
                yield context, runs
                runs = []
            context = outer.pop()
        if (tail := element.tail) and (runs or not tail.isspace() or context.tag == "pre") and element is not root:
            tail = tail if context.tag == "pre" else tail.replace(_BREAK, " ")
            runs.append(Run(f" {tail}" if context.in_row and element.tag in _BLOCKS else tail, *context.style))
    if runs:
        yield context, runs


def _inner_context(element: etree._Element, outer: _Context, strength: int) -> _Context:
    tag = element.tag
    block = _block_tag(element, outer.tag) if tag in _BLOCKS and not outer.in_row else None
    style = _style(element, outer.style) if tag in _STYLED else outer.style
    in_clock = _tells_time_of_day(element) if tag == "time" and not outer.in_clock else outer.in_clock
    if block is None and style is outer.style and not strength and in_clock == outer.in_clock:
        return outer
    return _Context(
        block or outer.tag,
        style,
        element if block else outer.element,
        (*outer.marks, MarkedElement(element, strength)) if strength else outer.marks,
        outer.in_row or (tag == "tr" and _is_row(element)),
        in_clock,
    )


def _is_row(element: etree._Element) -> bool:
    """Return whether a `tr` is a row of values, rather than a part of a page that a table sets out."""
    inner = list(islice(element.iterdescendants(), _ROW_ELEMENTS))
    if len(inner) == _ROW_ELEMENTS or not _NOT_IN_ROW.isdisjoint(one.tag for one in inner):
        return False
    cells = [cell for cell in element if cell.tag in ("td", "th")]
    return len(cells) > 1 and all(sum(map(len, cell.itertext())) <= _ROW_CELL for cell in cells)


def _append_start(element: etree._Element, runs: list[Run], context: _Context) -> None:
    if context.in_row or element.tag in _SEPARATE:
        _append_separator(element, runs, context)
    if (text := element.text) and (runs or not text.isspace() or context.tag == "pre"):
        # A line end in the source is a space, but in `pre`; only the run that stands for `<br>` is a break.
        kind = _ClockRun if context.in_clock else Run
        runs.append(kind(text if context.tag == "pre" else text.replace(_BREAK, " "), *context.style))


def _append_separator(element: etree._Element, runs: list[Run], context: _Context) -> None:
    """Append what parts an element's text from that before it: a line break, a space, or the border of a cell."""
    if element.tag in ("br", "lb"):
        runs.append(Run(" " if context.in_row else _BREAK))
    elif context.in_row and element.tag in _BLOCKS:
        runs.append(Run(" "))
    elif element.tag in ("cell", "td", "th") and element.getprevious() is not None and (runs or context.in_row):
        runs.append(Run(" | "))


def _block_tag(element: etree._Element, outer: str) -> str | None:
    tag = _BLOCKS.get(element.tag)
    if outer == "pre" or (tag == "p" and outer in ("li", "blockquote")):
        return tag and outer
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
    """Yield the lines between `<br>` elements; lines that were wrapped by hand are joined."""
    if _BREAK not in [run.text for run in runs]:
        yield runs
        return
    lines: list[list[Run]] = [[]]
    for run in runs:
        if run.text == _BREAK:
            lines.append([])
        else:
            lines[-1].append(run)
    joins = plain_text.broken_off(["".join(run.text for run in line).strip() for line in lines])
    joined = lines[0]
    for line, goes_on in zip(lines[1:], joins, strict=True):
        if goes_on:
            joined = [*joined, Run(" "), *line]
        else:
            yield joined
            joined = line
    yield joined
