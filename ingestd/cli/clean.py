"""`ingestd clean FILE...`: saved pages to the records that would be kept of them."""

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

from ingestd import times
from ingestd.cli import output
from ingestd.cli.opening import finish, settings_for
from ingestd.cli.options import ConfigOption, JsonLinesOption
from ingestd.errors import ExtractError, IngestError, UsageError
from ingestd.model import Article, Page
from ingestd.settings import Settings
from ingestd.to_json import to_json
from ingestd.workers.pool import Pool

#: More bytes than this are not read out of one file.
_MAX_BYTES = 64 * 2**20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A page as a file."""

    path: Path
    #: Where it came from; empty when that is not known.
    url: str = ""


def clean(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="Pages as HTML, gzipped or not."),
    ] = None,
    url: Annotated[str, typer.Option(help="Where the page came from: links and the canonical URL depend on it.")] = "",
    jsonl: Annotated[Path | None, typer.Option(metavar="OUT", help="Write the lines here, not to stdout.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say which witness was believed for each field.")] = False,
    batch: Annotated[
        Path | None,
        typer.Option(metavar="DIR", exists=True, file_okay=False, help="Clean a corpus: every ID.html[.gz] + ID.json."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Clean saved pages, and print a line of JSON for each.

    A line has all fields of the record, times in ISO 8601.
    With `--batch DIR` the lines are {id, title, authors, published, body, language}, for scoring a corpus.  There
    `body` has the dek and the dateline in their places, as the page prints them, and `authors` is the byline where it
    names no person.  A page that gives no article has a line with empty values and `error`.

    Exit status: 0 when every page was cleaned, or written as a line of a batch; 1 when one gave no article.
    """
    del as_json
    settings = settings_for(config)
    if bool(files) == bool(batch):
        raise UsageError("name the files to clean, or a folder with --batch")
    saved = corpus(batch) if batch else [Saved(path=path, url=url) for path in files or ()]
    with ExitStack() as stack:
        out = stack.enter_context(output.opened(jsonl)) if jsonl else sys.stdout
        bar = stack.enter_context(output.progress())
        task = bar.add_task("clean", total=len(saved))
        failed: list[str] = []

        def show(page: Saved, outcome: Article | IngestError) -> None:
            if isinstance(outcome, IngestError):
                failed.append(f"{page.path}: {outcome}")
            line = batch_line(page, outcome) if batch else record(outcome, explain=explain)
            if line:
                print(to_json(line), file=out)
            bar.advance(task)

        finish(_clean(settings, saved, show))
    for message in failed if not batch else ():
        output.note(f"ingestd: {message}")
    if failed and not batch:
        raise typer.Exit(1)


def corpus(folder: Path) -> list[Saved]:
    """Return the pages of a folder, sorted by name, each with the URL that its ID.json gives."""
    return [
        Saved(path=path, url=_url_beside(path))
        for path in sorted(folder.iterdir())
        if path.name.endswith((".html", ".html.gz"))
    ]


def _id(path: Path) -> str:
    return path.name.removesuffix(".gz").removesuffix(".html")


def _url_beside(path: Path) -> str:
    try:
        beside = json.loads((path.parent / f"{_id(path)}.json").read_bytes())
        url = beside.get("url")
    except (OSError, ValueError, AttributeError):
        return ""
    return url if isinstance(url, str) else ""


async def _clean(
    settings: Settings, pages: Iterable[Saved], show: Callable[[Saved, Article | IngestError], None]
) -> None:
    """Clean pages on all cores, and show them in their order; no more are read ahead than keep the cores busy."""
    processes = len(os.sched_getaffinity(0))
    waiting: deque[tuple[Saved, asyncio.Task[Article | IngestError]]] = deque()
    pool = Pool(
        processes=processes,
        timeout=settings.extract_timeout,
        memory=settings.extract_memory,
        preload=("ingestd.articles",),
    )
    async with pool, asyncio.TaskGroup() as tasks:
        for page in pages:
            waiting.append((page, tasks.create_task(_extract(pool, page))))
            if len(waiting) > 2 * processes:
                first, task = waiting.popleft()
                show(first, await task)
        for page, task in waiting:
            show(page, await task)


async def _extract(pool: Pool, saved: Saved) -> Article | IngestError:
    try:
        article: Article = await pool.run("ingestd.articles:extract", Page(url=saved.url, body=_read(saved.path)))
    except IngestError as error:
        return error
    return article


def _read(path: Path) -> bytes:
    """Return a file's bytes, unzipped; raises ExtractError when it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == _GZIP
            file.seek(0)
            body = gzip.GzipFile(fileobj=file).read(_MAX_BYTES + 1) if zipped else file.read(_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ExtractError(f"cannot be read: {error}") from error
    if len(body) > _MAX_BYTES:
        raise ExtractError(f"has more than {_MAX_BYTES} bytes")
    return body


def record(outcome: Article | IngestError, *, explain: bool) -> Mapping[str, Any] | None:
    """Return an article as a record in plain values, None for an error."""
    if isinstance(outcome, IngestError):
        return None
    fields = asdict(outcome)
    return fields if explain else {name: value for name, value in fields.items() if name != "provenance"}


def batch_line(page: Saved, outcome: Article | IngestError) -> Mapping[str, Any]:
    """Return the line of a page in a batch."""
    if isinstance(outcome, IngestError):
        empty = {"title": "", "authors": [], "published": "", "body": "", "language": ""}
        return {"id": _id(page.path), **empty, "error": f"{type(outcome).__name__}: {outcome}"}
    return {
        "id": _id(page.path),
        "title": outcome.headline or "",
        "authors": outcome.authors or tuple(filter(None, [outcome.byline])),
        "published": _published(outcome),
        "body": _as_printed(outcome),
        "language": outcome.language or "",
    }


def _published(article: Article) -> str:
    """As exactly as it is known: a day has no time of day, an assumed zone is left out."""
    written = times.iso(article.firstcreated) or ""
    if article.date_precision == "day":
        return written[:10]
    return written.removesuffix("Z") if article.date_precision == "assumed_zone" else written


def _as_printed(article: Article) -> str:
    """Return the text with the dek and the dateline that were lifted off it."""
    printed = article.provenance.get("description_text") in ("page", "visible")
    body = f"{article.dateline} — {article.body_text}" if article.dateline else article.body_text
    return f"{article.description_text}\n\n{body}" if printed and article.description_text else body
