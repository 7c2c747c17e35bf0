"""Print results to stdout and notes to stderr.

Titles, URLs and messages come from strangers: control characters are removed and markup is not interpreted.
"""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TextIO

from ingestd.errors import UsageError
from ingestd.json import to_json
from ingestd.text import collapse
from ingestd.times import iso


def show(line: str) -> None:
    """Print a line of the result."""
    write(collapse(line))


def note(line: str) -> None:
    """Print a line to stderr: progress, advice or an error."""
    sys.stderr.write(collapse(line) + "\n")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as an aligned table on a terminal, and as tab-separated lines with a header elsewhere."""
    cells = [[_cell(value) for value in row] for row in rows]
    if sys.stdout.isatty():
        from ingestd.cli.terminal import print_table

        print_table(columns, cells)
    else:
        write("\n".join("\t".join(line) for line in (columns, *cells)))


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
