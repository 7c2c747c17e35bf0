"""Tables, coloured diffs and progress bars for a terminal, drawn by rich."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

T = TypeVar("T")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print an aligned table; cells that are too wide are folded, not cut."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for line in rows:
        table.add_row(*map(Text, line))
    Console().print(table)


def print_diff(lines: Iterable[str]) -> None:
    """Print the lines of a unified diff; on a terminal, removed ones in red and added ones in green."""
    styles = {"-": "red", "+": "green", "@": "cyan"}
    console = Console()
    for line in lines:
        if console.is_terminal:
            console.print(Text(line, style=styles.get(line[:1], "")))
        else:
            console.file.write(line + "\n")
    console.file.flush()


def progress_bar() -> Progress:
    """Return a progress bar for stderr, with rate and time left; it shows nothing if stderr is not a terminal.

    Use it as `with progress_bar() as bar: task = bar.add_task("pages", total=n)`, then `bar.advance(task)`.
    """
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        _RateColumn(),
        TimeRemainingColumn(elapsed_when_finished=True),
        console=console,
        disable=not console.is_terminal,
    )


async def run_with_refresh(work: Coroutine[Any, Any, T], refresh: Callable[[], None]) -> T:
    """Run a coroutine, call `refresh` five times a second meanwhile and once at the end; return its result."""
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


class _RateColumn(ProgressColumn):
    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.1f}/s", style="progress.data.speed")
