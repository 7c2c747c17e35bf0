"""The paragraphs of an article, each with the little markup it keeps: text and `body_html` come from the same."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby
from typing import NamedTuple

from ingestd import text, urls

# Where a word may be broken is the page's business; in a text it hides the word from whoever searches it.
_SOFT_HYPHEN = "\u00ad"


class Run(NamedTuple):
    """A stretch of text with one look."""

    text: str
    #: "em", "strong" or None.
    tag: str | None = None
    #: Where it links to: as the page has it, or absolute once the block is resolved.
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
    def link_share(self) -> float:
        """The share of the text that is link text, from 0 to 1."""
        return sum(len(run.text) for run in self.runs if run.href) / len(self.text)

    def resolved(self, url: str | None) -> "Block":
        """Return the block with its links absolute; those that lead nowhere, and all without `url`, are dropped."""
        if not any(run.href for run in self.runs):
            return self
        runs = (run._replace(href=urls.resolve(url, run.href) if url else None) for run in self.runs)
        return replace(self, runs=tuple(_joined(runs)))

    def cut(self, start: int, end: int) -> "Block | None":
        """Return the block with the characters from `start` to `end` cut out; None when nothing is left."""
        runs, at = [], 0
        for run in self.runs:
            low, high = max(start - at, 0), max(end - at, 0)
            runs.append(run._replace(text=run.text[:low] + run.text[high:]))
            at += len(run.text)
        settled = normalise_runs(runs)
        return replace(self, runs=settled) if settled else None


def normalise_runs(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Collapse white space over the borders of runs, clean them, and join neighbours that look the same."""
    if len(runs) == 1:  # as nearly every paragraph has
        words = _clean(runs[0].text)
        return (runs[0]._replace(text=words),) if words else ()
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
        settled[-1] = settled[-1]._replace(text=settled[-1].text.rstrip())
    return tuple(settled)


def _joined(runs: Iterable[Run]) -> Iterator[Run]:
    for (tag, href), group in groupby(runs, key=_look_of):
        yield Run("".join(run.text for run in group), tag, href)


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
