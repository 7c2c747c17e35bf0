"""What commands print: results to stdout, everything else to stderr.

Text of strangers stays text (titles, URLs, messages): no control characters reach the terminal, no markup is read.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from ingestd.errors import UsageError
from ingestd.json import to_json
from ingestd.text import collapse
from ingestd.times import iso

T = TypeVar("T")


def show(line: str) -> None:
    """Print a line of the result."""
    _write(collapse(line))


def note(line: str) -> None:
    """Print a line that is no result: what is going on, or what went wrong."""
    sys.stderr.write(collapse(line) + "\n")


def show_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows as a table where a person reads; elsewhere a line each, with tabs between, the names first."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        _write("\n".join("\t".join(line) for line in (columns, *cells)))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for line in cells:
        table.add_row(*map(Text, line))
    Console().print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return collapse(iso(value) if isinstance(value, datetime) else str(value))


def show_diff(lines: Iterable[str]) -> None:
    """Print the lines of a unified diff, what goes in red and what comes in green where a person reads."""
    styles = {"-": "red", "+": "green", "@": "cyan"}
    console = Console()
    for line in lines:
        sign, text = line[:1], collapse(line[1:])
        if console.is_terminal:
            console.print(Text(sign + text, style=styles.get(sign, "")))
        else:
            _write(sign + text)


def show_json(value: object) -> None:
    """Print one JSON document, indented."""
    _write(to_json(value, indent=2))


def opened(path: Path) -> TextIO:
    """Open a file for results; raises UsageError when it cannot be written."""
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def show_result(value: object, line: str, *, json: bool) -> None:
    """Print what a command came to: as JSON, or as the line that says the same."""
    if json:
        show_json(value)
    else:
        show(line)


def show_json_lines(values: Iterable[object]) -> None:
    """Print a JSON document a line, each as soon as it is there."""
    for value in values:
        _write(to_json(value))


def _write(text: str) -> None:
    sys.stdout.write(text + "\n")
    # Whoever reads along in a pipe or a file sees a line when it is said, not when a buffer is full.
    sys.stdout.flush()


def progress() -> Progress:
    """Return a progress bar for stderr, with rate and time left; where stderr is no terminal it shows nothing.

    Use it as `with progress() as bar: task = bar.add_task("pages", total=n)`, then `bar.advance(task)`.
    """
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        disable=not console.is_terminal,
    )


async def refreshed(work: Coroutine[Any, Any, T], refresh: Callable[[], None]) -> T:
    """Return what work comes to, and refresh what is shown of it a few times a second until then."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            refresh()
            await asyncio.wait([task], timeout=0.2)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait([task])
    refresh()
    return task.result()


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.1f}/s", style="progress.data.speed")
