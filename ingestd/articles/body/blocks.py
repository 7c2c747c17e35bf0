"""Blocks: the paragraphs of an article with the markup they keep.  `body_text` and `body_html` are made of them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from ingestd import text, urls

_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


class Run(NamedTuple):
    """A run of text with one style."""

    text: str
    #: "em", "strong" or None.
    tag: str | None = None
    #: The link's target: as the page has it, or absolute once the block is resolved.
    href: str | None = None


#: The tag and the link of a run.
_STYLE: Callable[[Run], tuple[str | None, str | None]] = itemgetter(1, 2)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading or list item; its text is never empty, and collapsed but for the lines of `pre`."""

    #: p, h2, h3, h4, li, blockquote or pre.
    tag: str
    runs: tuple[Run, ...]
    #: Whether it stands in a box that says that the rest is for subscribers.
    is_wall: bool = field(default=False, kw_only=True)
    #: The text without its markup.
    text: str = field(init=False)

    def __post_init__(self) -> None:
        runs = self.runs
        object.__setattr__(self, "text", runs[0].text if len(runs) == 1 else "".join([run.text for run in runs]))

    @property
    def link_share(self) -> float:
        """Share of the text that is link text, from 0 to 1."""
        if len(self.runs) == 1:
            return 1.0 if self.runs[0].href else 0.0
        return sum([len(run.text) for run in self.runs if run.href]) / len(self.text)

    @property
    def is_address(self) -> bool:
        """Whether the text is nothing but an address, as sources and orders are listed; teasers have titles."""
        return _ADDRESS.fullmatch(self.text) is not None

    def resolved(self, url: str | None) -> "Block":
        """Return the block with absolute links; drops links that do not resolve, and all links without `url`."""
        if not any(run.href for run in self.runs):
            return self
        runs = (run._replace(href=urls.resolve(url, run.href) if url else None) for run in self.runs)
        return replace(self, runs=tuple(_joined(runs)))

    def cut(self, start: int, end: int) -> "Block | None":
        """Return the block without the characters from `start` to `end`; None when nothing is left."""
        runs, at = [], 0
        for run in self.runs:
            cut_from, cut_to = max(start - at, 0), max(end - at, 0)
            runs.append(run._replace(text=run.text[:cut_from] + run.text[cut_to:]))
            at += len(run.text)
        normalised = normalise_lines(runs) if self.tag == "pre" else normalise_runs(runs)
        return replace(self, runs=normalised) if normalised else None


def normalise_runs(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return runs cleaned, with white space collapsed across their boundaries and neighbours of one style joined."""
    if len(runs) == 1 or len(set(map(_STYLE, runs))) == 1:  # the usual cases
        text_of_runs, tag, href = runs[0]
        cleaned = _clean(text_of_runs if len(runs) == 1 else "".join([run.text for run in runs]))
        return (Run(cleaned, tag, href),) if cleaned else ()
    normalised: list[Run] = []
    after_space = True
    for (tag, href), group in groupby(runs, key=_STYLE):
        raw = "".join([run.text for run in group])
        cleaned = _clean(raw)
        if raw[:1].isspace() and not after_space:
            cleaned = f" {cleaned}"
        if raw[-1:].isspace() and cleaned and cleaned != " ":
            cleaned += " "
        if cleaned:
            normalised.append(Run(cleaned, tag, href))
            after_space = cleaned.endswith(" ")
    while normalised and not normalised[-1].text.rstrip():
        normalised.pop()
    if normalised and after_space:
        normalised[-1] = normalised[-1]._replace(text=normalised[-1].text.rstrip())
    return tuple(normalised)


def normalise_lines(runs: Sequence[Run]) -> tuple[Run, ...]:
    """Return runs of preformatted text, cleaned: its lines and columns stay, but not blank lines at either end."""
    cleaned = [run._replace(text=text.clean(run.text).replace("\r", "").replace("\xa0", " ")) for run in runs]
    normalised = [run for run in _joined(cleaned) if run.text]
    while normalised and not (first := _BLANK_START.sub("", normalised[0].text)):
        del normalised[0]
    if normalised:
        normalised[0] = normalised[0]._replace(text=first)
    while normalised and not (last := normalised[-1].text.rstrip()):
        normalised.pop()
    if normalised:
        normalised[-1] = normalised[-1]._replace(text=last)
    return tuple(run._replace(text=_SPACES_AT_END.sub("\n", run.text)) for run in normalised)


_BLANK_START = re.compile(r"\A(?:[^\S\n]*\n)+|\A\s+\Z")
_SPACES_AT_END = re.compile(r"[ \t]+\n")


def _joined(runs: Iterable[Run]) -> Iterator[Run]:
    for (tag, href), group in groupby(runs, key=_STYLE):
        yield Run("".join(run.text for run in group), tag, href)


def _clean(raw: str) -> str:
    cleaned = " ".join(raw.split())
    if cleaned.isprintable():  # the usual case: there is nothing to remove
        return cleaned
    return " ".join(text.clean(cleaned).split())


def to_text(blocks: Iterable[Block]) -> str:
    """Return the blocks as plain text, separated by blank lines."""
    return "\n\n".join(block.text for block in blocks)


def to_html(blocks: Iterable[Block]) -> str:
    """Return the blocks as markup; their text is escaped."""
    elements = []
    for tag, group in groupby(blocks, key=lambda block: block.tag):
        inner = "".join(f"<{tag}>{''.join(map(_run_html, block.runs))}</{tag}>" for block in group)
        elements.append(f"<ul>{inner}</ul>" if tag == "li" else inner)
    return "".join(elements)


def _run_html(run: Run) -> str:
    html = escape(run.text, quote=False)
    if run.tag:
        html = f"<{run.tag}>{html}</{run.tag}>"
    return f'<a href="{escape(run.href)}">{html}</a>' if run.href else html
