"""The paragraphs of an article, each with the little markup it keeps: text and `body_html` come from the same."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby

from lxml import etree

from ingestd import text, urls

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
_BREAK = "\n"
# Where a word may be broken is the page's business; in a text it hides the word from whoever searches it.
_SOFT_HYPHEN = "\u00ad"
#: A line this long before a `<br>` may be one of a paragraph that was wrapped by hand.
_WRAPPED_LINE = range(60, 91)


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of text with one look."""

    text: str
    #: "em", "strong" or None.
    tag: str | None = None
    #: Where it links to, absolute.
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading or list item; its text is collapsed and never empty."""

    #: p, h2, h3, h4, li, blockquote or pre.
    tag: str
    runs: tuple[Run, ...]
    #: The text without its markup.
    text: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", "".join(run.text for run in self.runs))

    @property
    def linked(self) -> float:
        """The share of the text that is link text, from 0 to 1."""
        return sum(len(run.text) for run in self.runs if run.href) / len(self.text)

    def without(self, start: int, end: int) -> "Block | None":
        """Return the block with the characters from `start` to `end` cut out; None when nothing is left."""
        runs, at = [], 0
        for run in self.runs:
            low, high = max(start - at, 0), max(end - at, 0)
            runs.append(replace(run, text=run.text[:low] + run.text[high:]))
            at += len(run.text)
        settled = _settle(runs)
        return replace(self, runs=settled) if settled else None


def read_blocks(root: etree._Element, url: str | None = None) -> tuple[Block, ...]:
    """Return the blocks below an element, HTML or as trafilatura returns it, in document order.

    Links resolve against `url` and are dropped without it.  A `<br>` ends a paragraph, except after
    a line as long as wrapped ones are that does not end a sentence.
    """
    blocks: list[Block] = []
    for tag, runs in _stretches(root, url):
        for line in _lines(runs):
            settled = _settle(line)
            if settled:
                blocks.append(Block(tag, settled))
    return tuple(blocks)


def _stretches(root: etree._Element, url: str | None) -> Iterator[tuple[str, list[Run]]]:
    """Walk the tree without recursion: it may be deeper than Python's stack."""
    outer, runs = ["p"], list[Run]()
    looks: list[tuple[str | None, str | None]] = [(None, None)]
    walk = etree.iterwalk(root, events=("start", "end", "comment", "pi"))
    for event, element in walk:
        tag = element.tag
        block = _block_tag(element, outer[-1]) if event in ("start", "end") else None
        if block and (event == "start" or element is not root):
            yield outer[-1], runs
            runs = []
        if event == "start":
            if tag in _SILENT:
                walk.skip_subtree()
                looks.append(looks[-1])
                outer.append(outer[-1])
                continue
            outer.append(block or outer[-1])
            looks.append(_look(element, looks[-1], url))
            _open(element, runs, looks[-1])
        else:
            if event == "end":
                outer.pop()
                looks.pop()
            if element is not root and element.tail:
                runs.append(Run(element.tail, *looks[-1]))
    yield "p", runs


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


def _look(
    element: etree._Element, outer: tuple[str | None, str | None], url: str | None
) -> tuple[str | None, str | None]:
    tag = _INLINE.get(element.tag) or (_RENDERED.get(element.get("rend", "")) if element.tag == "hi" else None)
    href = None
    if url and element.tag in ("a", "ref"):
        href = urls.resolve(url, element.get("href") or element.get("target"))
    return (tag or outer[0], href or outer[1])


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


def _settle(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Collapse white space over the borders of runs, clean them, and join neighbours that look the same."""
    settled: list[Run] = []
    space = True
    for (tag, href), group in groupby(runs, key=_look_of):
        raw = "".join([run.text for run in group])
        words = _clean(raw)
        if raw[:1].isspace() and not space:
            words = f" {words}"
        if raw[-1:].isspace() and words and words != " ":
            words += " "
        if words:
            settled.append(Run(words, tag, href))
            space = words.endswith(" ")
    while settled and not settled[-1].text.rstrip():
        settled.pop()
    if settled and space:
        settled[-1] = replace(settled[-1], text=settled[-1].text.rstrip())
    return tuple(settled)


def _look_of(run: Run) -> tuple[str | None, str | None]:
    return run.tag, run.href


def _clean(raw: str) -> str:
    words = " ".join(raw.split())
    if words.isprintable():  # as nearly all text is: then there is nothing to take out
        return words
    return " ".join(text.clean(words).replace(_SOFT_HYPHEN, "").split())


def to_text(blocks: Iterable[Block]) -> str:
    """Return the blocks as plain text, one blank line between them."""
    return "\n\n".join(block.text for block in blocks)


def to_html(blocks: Iterable[Block]) -> str:
    """Return the blocks as markup; what is in them is escaped."""
    parts = []
    for tag, group in groupby(blocks, key=lambda block: block.tag):
        inner = "".join(f"<{tag}>{''.join(map(_run_html, block.runs))}</{tag}>" for block in group)
        parts.append(f"<ul>{inner}</ul>" if tag == "li" else inner)
    return "".join(parts)


def _run_html(run: Run) -> str:
    html = escape(run.text, quote=False)
    if run.tag:
        html = f"<{run.tag}>{html}</{run.tag}>"
    return f'<a href="{escape(run.href)}">{html}</a>' if run.href else html
