"""Print results to stdout and notes to stderr.

Titles, URLs and messages come from strangers: control characters are removed and markup is not interpreted.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import TextIO

from ingestd.errors import UsageError
from ingestd.json import to_json
from ingestd.text import collapse
from ingestd.times import iso

#: Lines or values that are written at once.
_LINES = 500


def show(line: str) -> None:
    """Print a line of the result."""
    write(collapse(line))


def note(line: str) -> None:
    """Print a line to stderr: progress, advice or an error."""
    sys.stderr.write(collapse(line) + "\n")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as an aligned table on a terminal; elsewhere as tab-separated lines with a header, as they come."""
    cells = ([_cell(value) for value in row] for row in rows)
    if is_terminal():
        from ingestd.cli.terminal import print_table

        print_table(columns, cells)
        return
    lines = chain(("\t".join(columns),), map("\t".join, cells))
    while some := list(islice(lines, _LINES)):
        write("\n".join(some))


def is_terminal() -> bool:
    """Return whether results go to a terminal, whose tables are read as a whole and aligned."""
    return sys.stdout.isatty()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return collapse(iso(value) if isinstance(value, datetime) else str(value))


def show_diff(lines: Iterable[str]) -> None:
    """Print the lines of a unified diff, coloured on a terminal."""
    from ingestd.cli.terminal import print_diff

    print_diff(line[:1] + collapse(line[1:]) for line in lines)


def show_json(value: object) -> None:
    """Print one JSON document, indented."""
    write(to_json(value, indent=2))


def open_output(path: Path) -> TextIO:
    """Open a file for results; raises UsageError if it cannot be written."""
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from error


def show_json_array(values: Iterable[object]) -> None:
    """Print one JSON document, an array, indented as `show_json` does; its items are printed as they come."""
    items = ("  " + to_json(value, indent=2).replace("\n", "\n  ") for value in values)
    is_first = True
    while some := list(islice(items, _LINES)):
        sys.stdout.write(("[\n" if is_first else ",\n") + ",\n".join(some))
        sys.stdout.flush()
        is_first = False
    write("[]" if is_first else "\n]")


def show_result(value: object, line: str, *, json: bool) -> None:
    """Print a result as JSON, or as a line that says the same."""
    if json:
        show_json(value)
    else:
        show(line)


def show_json_lines(values: Iterable[object]) -> None:
    """Print JSON Lines, each line as soon as its value is available."""
    for value in values:
        write(to_json(value))


def write(text: str) -> None:
    """Write text and a line end to stdout, and flush: a reader of a pipe or a file sees each line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
