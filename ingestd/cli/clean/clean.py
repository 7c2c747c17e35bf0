"""`ingestd clean`."""

import asyncio
import gzip
import json
import os
import sys
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from ingestd.articles.assemble import ExtractionResult
from ingestd.cli.clean import explanation
from ingestd.cli.clean.batch_line import batch_line, id_of
from ingestd.cli.options import ConfigOption
from ingestd.cli.output import note, open_output
from ingestd.cli.settings import load_settings
from ingestd.cli.terminal import progress_bar
from ingestd.errors import ExtractError, IngestError, UsageError
from ingestd.json import to_json
from ingestd.model.article import Article
from ingestd.model.page import Page
from ingestd.settings import Settings
from ingestd.workers.pool import Pool

#: Largest file that is read, in bytes, decompressed.
_MAX_BYTES = 64 * 2**20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPage:
    """A page in a file."""

    path: Path
    #: Where the page came from; empty if unknown.
    url: str = ""


def clean(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="HTML pages, plain or gzipped."),
    ] = None,
    url: Annotated[
        str, typer.Option(metavar="URL", help="URL of the page; links and the canonical URL resolve against it.")
    ] = "",
    jsonl: Annotated[Path | None, typer.Option(metavar="OUT", help="Write to OUT. Default: standard output.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show which witness decided each field, and what the others stated.")
    ] = False,
    batch: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", exists=True, file_okay=False, help="Extract a corpus: every ID.html[.gz] with its ID.json."
        ),
    ] = None,
    config: ConfigOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON Lines, with --explain too (default there: a table).")
    ] = False,
) -> None:
    """Extract articles from saved pages, as JSON Lines.

    A line has all fields of the record; times are ISO 8601.

    --explain prints a table for each page: the value of each field, marked with a star, and the witnesses (JSON-LD,
    meta tags, the visible text ...) that stated something else. With --json as well, a line has `provenance` (field:
    witness) and `testimony` (field: witness: statement).

    --batch prints {id, title, authors, published, body, language}, for scoring a corpus. There, `body` includes the
    dek and the dateline where the page prints them, and `authors` includes desks and agencies. A page without an
    article has a line with empty values and `error`.

    Exit status: 0 if every page yielded an article (with --batch: a line), 1 if one did not.
    """
    settings = load_settings(config)
    if bool(files) == bool(batch):
        raise UsageError("give files, or a directory with --batch, not both or neither")
    saved = corpus(batch) if batch else [SavedPage(path=path, url=url) for path in files or ()]
    with ExitStack() as stack:
        out = stack.enter_context(open_output(jsonl)) if jsonl else sys.stdout
        bar = stack.enter_context(progress_bar())
        task = bar.add_task("clean", total=len(saved))
        failed: list[str] = []
        explained: list[tuple[SavedPage, ExtractionResult]] = []

        def show(page: SavedPage, outcome: ExtractionResult | IngestError) -> None:
            if batch:
                print(to_json(batch_line(page.path, outcome)), file=out)
            elif isinstance(outcome, IngestError):
                failed.append(f"{page.path}: {outcome}")
            elif explain and not as_json and not jsonl:
                explained.append((page, outcome))
            else:
                print(to_json(explanation.as_json(outcome) if explain else record(outcome.article)), file=out)
            bar.advance(task)

        asyncio.run(_clean(settings, saved, show))
    for page, extraction in explained:  # after the progress bar has gone, so that it does not run through the tables
        explanation.print_explained(str(page.path), extraction)
    for message in failed if not batch else ():
        note(f"ingestd: {message}")
    if failed and not batch:
        raise typer.Exit(1)


def corpus(folder: Path) -> list[SavedPage]:
    """Return the pages of a folder, sorted by name, each with the URL from its ID.json."""
    return [
        SavedPage(path=path, url=_url_from_json(path))
        for path in sorted(folder.iterdir())
        if path.name.endswith((".html", ".html.gz"))
    ]


def _url_from_json(path: Path) -> str:
    try:
        metadata = json.loads((path.parent / f"{id_of(path)}.json").read_bytes())
        url = metadata.get("url")
    except (OSError, ValueError, AttributeError):
        return ""
    return url if isinstance(url, str) else ""


def record(article: Article) -> Mapping[str, Any]:
    """Return the fields of an article in plain values, without provenance."""
    return {name: value for name, value in asdict(article).items() if name != "provenance"}


async def _clean(
    settings: Settings, pages: Iterable[SavedPage], show: Callable[[SavedPage, ExtractionResult | IngestError], None]
) -> None:
    """Extract pages on all cores and show them in order; read ahead only as many as keep the cores busy."""
    processes = len(os.sched_getaffinity(0))
    waiting: deque[tuple[SavedPage, asyncio.Task[ExtractionResult | IngestError]]] = deque()
    pool = Pool(processes=processes, timeout=settings.extract_timeout, memory=settings.extract_memory)
    async with pool, asyncio.TaskGroup() as tasks:
        for page in pages:
            waiting.append((page, tasks.create_task(_extract(pool, page))))
            if len(waiting) > 2 * processes:
                first, task = waiting.popleft()
                show(first, await task)
        for page, task in waiting:
            show(page, await task)


async def _extract(pool: Pool, saved: SavedPage) -> ExtractionResult | IngestError:
    try:
        extraction: ExtractionResult = await pool.run(
            "ingestd.articles:read", Page(url=saved.url, body=_read(saved.path))
        )
    except IngestError as error:
        return error
    return extraction


def _read(path: Path) -> bytes:
    """Return the bytes of a file, decompressed; raises ExtractError if it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            gzipped = file.read(2) == _GZIP
            file.seek(0)
            body = gzip.GzipFile(fileobj=file).read(_MAX_BYTES + 1) if gzipped else file.read(_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ExtractError(f"cannot be read: {error}") from error
    if len(body) > _MAX_BYTES:
        raise ExtractError(f"has more than {_MAX_BYTES} bytes")
    return body
