"""Paragraphs of plain text: hard-wrapped lines are joined, lines of tables and verse stay lines.

A paragraph is text without blank lines.  A line end in it is one that the writer meant; a paragraph with a tab or two
spaces in a row is a table, since white space in prose is collapsed.
"""

import re
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise

from ingestd.text import clean, collapse, latin_length

#: Longer lines are paragraphs on one line.
_WIDEST_WRAP = 120
#: A shorter line was ended on purpose, unless it breaks off in a sentence: then the second length counts.
_WRAPPED = 40
_BROKEN_OFF = 35
#: The same, and the longest, where <br> ends a line.
_WRAPPED_BY_HAND = range(60, 91)
#: Lines are ragged if so many that break off in a sentence are shorter than this share of the width.
_MIN_RAGGED, _SHORT_SHARE = 3, 0.75
_CLOSED = '"”»)'
#: Spaces at the start of a line that begins a paragraph.
_INDENT = 2
#: Verse has at least so many lines, none longer than this.
_VERSE_LINES, _VERSE_WIDTH = 3, 60
#: A line without columns between rows of a table may be its heading.
_TABLE_HEADING = 40
#: A line of prose that is justified has gaps, too; its cells have many words.
_JUSTIFIED, _WORDS_A_CELL = 55, 4

# Two spaces after the end of a sentence are a habit of typists; before a figure they are a column.
_GAP = re.compile(r"(?<=\S)(?:[ ]*\t[\t ]*|[ ]{3,}|(?<![.!?:;,\"”’)]) {2}|(?<=[.)]) {2}(?=[-+(]?\d))(?=\S)")
_RULES = "-=_|+:.*"
_RULER = re.compile(r"\s*(?=(?:.*[-=_|+]){3})[-=_|+:.* ]+\s*")
_MARKER = re.compile(r"\s*(?:[*•·–—‒▪■◦-]|\d{1,2}[.)]|\([a-z\d]{1,2}\))\s+(?=\S)")
_SENTENCE_END = re.compile(r"[.!?…:;。！？؟।][\"'”’»›)\]」』]*$")
_STARTS_WITH_CAPITAL = re.compile(r"[\W_]*[^\W\d_]")
_UNSPACED = re.compile("[\u2e80-\u30ff\u3400-\u9fff\uf900-\ufaff\uff00-\uffef\u0e00-\u0eff]")
#: Words after a hyphen that ends a word of its own: "Ein- und Ausfuhr".
_CONJUNCTIONS = frozenset("und oder bzw and or to et ou y o e en of och eller og".split())


def paragraphs_of(text: str, *, wrapped: bool = False) -> list[str]:
    """Return the paragraphs of plain text, in order, clean, none of them empty.

    Blank lines part paragraphs, and indented lines begin one.  Lines that were wrapped are joined; with `wrapped` all
    are, except those of tables.  Other lines are paragraphs where there are no blank lines, else lines of one.
    """
    lines = [line.rstrip() for line in clean(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    # A tab that begins a line is an indent, one within it parts columns.
    lines = [f"{'    ' * (len(line) - len(line.lstrip(chr(9))))}{line.lstrip(chr(9))}" for line in lines]
    chunks = _chunks(line.replace("\xa0", " ").replace("\x0b", " ").replace("\x0c", " ") for line in lines)
    width = wrap_width(line for chunk in chunks for line in chunk)
    apart = len(chunks) > 1
    return [
        paragraph for chunk in chunks for paragraph in _paragraphs_of_chunk(chunk, width, wrapped=wrapped, apart=apart)
    ]


def has_layout(text: str) -> bool:
    """Return whether lines of text in markup mean something: it is an agency's text put into one element.

    Its lines are a table, or some are indented and others are not, unlike those that a program indented.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").rstrip().split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    below = [line for line in lines[1:] if line.strip()]
    if sum(map(_has_columns, lines)) >= 2:
        return True
    if len(below) < len(lines) - 1 and not any(map(_indent, below)):
        return any(
            _SENTENCE_END.search(lines[at].rstrip()) for at in range(len(lines) - 1) if not lines[at + 1].strip()
        )
    return len({bool(_indent(line)) for line in below}) == 2


def wrap_width(lines: Iterable[str]) -> int:
    """Return the width at which lines may have been wrapped, in characters."""
    lengths = (len(line) for line in lines if not _has_columns(line))
    return max((length for length in lengths if length <= _WIDEST_WRAP), default=0)


def is_wrapped(line: str, below: str, width: int) -> bool:
    """Return whether the next line goes on with this one: the first word of it did not fit into the width."""
    if not line or len(line) > _WIDEST_WRAP:
        return False
    is_open = not _SENTENCE_END.search(line)
    if not is_open:
        return False
    word = 1 if _UNSPACED.match(below) else len(below.split(maxsplit=1)[0])
    length = latin_length(line)
    return (length >= _WRAPPED and len(line) + 1 + word > width) or (length >= _BROKEN_OFF and below[:1].islower())


def join_lines(lines: Iterable[str]) -> str:
    """Return wrapped lines as one: without a space after a hyphen and between characters of Chinese or Japanese."""
    joined = ""
    for line in map(collapse, lines):
        if not joined or not line or (_UNSPACED.match(joined[-1]) and _UNSPACED.match(line[0])):
            joined += line
        elif joined[-1] == "-" and joined[-2:-1].isalnum() and line[0].isalnum():
            is_own_word = line.split(maxsplit=1)[0].strip(",").lower() in _CONJUNCTIONS
            joined += f" {line}" if is_own_word else line
        else:
            joined += f" {line}"
    return joined


def broken_off(lines: Sequence[str]) -> list[bool]:
    """Return for each line but the last whether the next one, below a <br>, goes on with it.

    Few lines in markup are wrapped by hand: those that are as long as such lines are and end within a sentence, if the
    next begins with a small letter, or most of the others do.
    """
    may = [
        bool(below) and len(line) in _WRAPPED_BY_HAND and not _SENTENCE_END.search(line) and line[-1] not in _CLOSED
        for line, below in pairwise(lines)
    ]
    small = [possible and below[0].islower() for possible, below in zip(may, lines[1:], strict=True)]
    return may if sum(may) > 2 and 2 * sum(small) >= sum(may) else small


def is_table(paragraph: str) -> bool:
    """Return whether a paragraph of `paragraphs_of` is a table, or a row of one."""
    return "  " in paragraph or "\t" in paragraph


def as_markup(paragraphs: Iterable[str]) -> str:
    """Return paragraphs as HTML: tables as `pre`, other lines with <br>."""
    return "".join(map(_paragraph_as_markup, paragraphs))


def _paragraph_as_markup(paragraph: str) -> str:
    markup = escape(paragraph, quote=False)
    return f"<pre>{markup}</pre>" if is_table(paragraph) else f"<p>{markup.replace(chr(10), '<br>')}</p>"


def _chunks(lines: Iterable[str]) -> list[list[str]]:
    chunks: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            chunks[-1].append(line)
        elif chunks[-1]:
            chunks.append([])
    return chunks if chunks[-1] else chunks[:-1]


def _paragraphs_of_chunk(lines: list[str], width: int, *, wrapped: bool, apart: bool) -> list[str]:
    found: list[str] = []
    in_table = _rows(lines)
    start = 0
    for end in range(1, len(lines) + 1):
        if end == len(lines) or in_table[end] != in_table[start]:
            part = lines[start:end]
            found += [_table(part)] if in_table[start] else _prose(part, width, wrapped=wrapped, apart=apart)
            start = end
    return [paragraph for paragraph in found if paragraph]


def _has_columns(line: str) -> bool:
    stripped = line.strip()
    gaps = len(_GAP.findall(stripped)) if "  " in stripped or "\t" in stripped else 0
    cells = stripped.count("|") + 1 if stripped.count("|") >= 2 else gaps + 1
    return cells > 1 and not (len(stripped) >= _JUSTIFIED and len(stripped.split()) > _WORDS_A_CELL * cells)


def _rows(lines: list[str]) -> list[bool]:
    """Return for each line whether it belongs to a table: two rows at least, or a line of several columns alone."""
    # Nearly every line begins with a character that no ruler has, whose pattern goes through a line several times.
    kinds = [
        "row" if _has_columns(line) else "ruler" if line.lstrip()[:1] in _RULES and _RULER.fullmatch(line) else ""
        for line in lines
    ]
    for at in range(1, len(lines)):
        is_last = at + 1 == len(lines)
        is_short = len(lines[at].strip()) < (_TABLE_HEADING if not is_last else _TABLE_HEADING // 2)
        is_flush = _indent(lines[at]) < _INDENT
        if not kinds[at] and is_short and kinds[at - 1] and (is_flush if is_last else kinds[at + 1] == "row"):
            kinds[at] = "heading"
    found = [False] * len(lines)
    start = 0
    for end in range(1, len(lines) + 1):
        if end < len(lines) and bool(kinds[end]) == bool(kinds[start]):
            continue
        rows = kinds[start:end].count("row")
        alone = end - start == len(lines) == 1 and len(_GAP.findall(lines[0].strip())) >= 2
        if rows >= 2 or (rows and "ruler" in kinds[start:end]) or alone:
            found[start:end] = [True] * (end - start)
        start = end
    return found


def _table(lines: list[str]) -> str:
    # The indent of a single line of headings is the place of its first column.
    indent = min(map(_indent, lines)) if len(lines) > 1 else 0
    return "\n".join(line[indent:] for line in lines)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _prose(lines: list[str], width: int, *, wrapped: bool, apart: bool) -> list[str]:
    least = min(map(_indent, lines))
    indents = [_indent(line) - least for line in lines]
    is_indented = 0 in indents and max(indents) >= _INDENT
    bare = [line.strip() for line in lines]
    begins = [_begins(lines, indents, at) for at in range(len(lines))]
    if not wrapped and _is_verse(bare):
        return ["\n".join(map(collapse, bare))] if apart else list(map(collapse, bare))
    ragged = not wrapped and _is_ragged(bare, width)
    joins = [
        not begins[at + 1]
        and (wrapped or (is_indented and 2 * len(bare[at]) > width) or (not ragged and _is_joined(bare, at, width)))
        for at in range(len(bare) - 1)
    ]
    pieces = _pieces(bare, joins)
    if wrapped or is_indented or not apart:
        return [join_lines(piece) for piece in pieces]
    return _grouped([join_lines(piece) for piece in pieces])


def _begins(lines: list[str], indents: list[int], at: int) -> bool:
    """Return whether a line begins a paragraph: it has a bullet, or is indented and does not go on with an item."""
    if at and _MARKER.match(lines[at]) and (_MARKER.match(lines[at - 1]) or _SENTENCE_END.search(lines[at - 1])):
        return True
    if indents[at] < _INDENT or 0 not in indents:
        return at == 0
    above = next((above for above in range(at - 1, -1, -1) if _MARKER.match(lines[above])), None)
    marker = _MARKER.match(lines[above]) if above is not None else None
    return not (
        marker and above is not None and all(_indent(line) == marker.end() for line in lines[above + 1 : at + 1])
    )


def _is_ragged(lines: Sequence[str], width: int) -> bool:
    """Return whether lines end where their writer wanted: more break off in a sentence far from the width than at it.

    These are captions of films, lyrics and the like.  Of wrapped lines only the last of a paragraph is short.
    """
    short = full = 0
    for line, below in pairwise(lines):
        if not _SENTENCE_END.search(line):
            needed = len(line) + 1 + (1 if _UNSPACED.match(below) else len(below.split(maxsplit=1)[0]))
            short += needed <= _SHORT_SHARE * width and below[0].islower()
            full += needed > width
    return short >= _MIN_RAGGED and short > full


def _is_joined(lines: Sequence[str], at: int, width: int) -> bool:
    """Return whether a line goes on: see `is_wrapped`; so does a full line that ends a sentence, among wrapped ones."""
    line, below = lines[at], lines[at + 1]
    if is_wrapped(line, below, width):
        return True
    if latin_length(line) < _WRAPPED or len(line) > _WIDEST_WRAP:
        return False
    others = [is_wrapped(lines[i], lines[i + 1], width) for i in range(max(0, at - 4), min(len(lines) - 1, at + 5))]
    word = 1 if _UNSPACED.match(below) else len(below.split(maxsplit=1)[0])
    is_full = len(line) + 1 + word > width
    is_open = not _SENTENCE_END.search(line)
    return (is_full or (is_open and len(line) > 0.6 * width)) and 2 * sum(others) >= len(others)


def _pieces(lines: Sequence[str], joins: Sequence[bool]) -> list[list[str]]:
    pieces: list[list[str]] = [[lines[0]]] if lines else []
    for line, joined in zip(lines[1:], joins, strict=True):
        if joined:
            pieces[-1].append(line)
        else:
            pieces.append([line])
    return pieces


def _grouped(pieces: list[str]) -> list[str]:
    """Return paragraphs: short lines one below another are lines of one paragraph, sentences are paragraphs."""
    found: list[list[str]] = []
    for piece in pieces:
        above = found[-1][-1] if found else None
        if (
            above is None
            or _MARKER.match(piece)
            or (len(above) >= _WRAPPED and _SENTENCE_END.search(above))
            or max(len(above), len(piece)) > _WIDEST_WRAP
        ):
            found.append([piece])
        else:
            found[-1].append(piece)
    return ["\n".join(lines) for lines in found]


def _is_verse(lines: Sequence[str]) -> bool:
    if len(lines) < _VERSE_LINES or max(map(len, lines)) > _VERSE_WIDTH:
        return False
    if all(map(_SENTENCE_END.search, lines)) or any(map(_MARKER.match, lines)):
        return False
    starts = (_STARTS_WITH_CAPITAL.match(line) for line in lines)
    return all(start and start[0][-1].isupper() for start in starts)
