"""`ingestd parse`."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from ingestd import formats, times
from ingestd.cli.options import ConfigOption, JsonLinesOption
from ingestd.cli.output import open_output
from ingestd.cli.settings import load_settings
from ingestd.cli.terminal import progress_bar
from ingestd.errors import IngestError
from ingestd.model.feed import Entry, Feed


def parse(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE|DIR", exists=True, help="Files or directories to read, plain or gzipped."),
    ],
    content_type: Annotated[
        str | None, typer.Option(metavar="TYPE", help="Content-Type header that the files were served with.")
    ] = None,
    url: Annotated[str, typer.Option(metavar="URL", help="URL of the files; relative links resolve against it.")] = (
        "http://localhost/"
    ),
    jsonl: Annotated[Path | None, typer.Option(metavar="OUT", help="Write to OUT. Default: standard output.")] = None,
    config: ConfigOption = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Parse feeds from files, as JSON Lines.

    A line is {file, format, feed, entries, warnings}, or {file, error: {class, message}}; `file` is the path below
    DIR.

    Exit status: 0 if every file was parsed or is not a feed; 1 if one could not be read, or the parser failed.
    """
    del as_json
    load_settings(config)  # configures the log, and reports wrong settings as every command does
    failed = False
    files = [found for path in paths for found in _files(path)]
    with ExitStack() as stack:
        out = stack.enter_context(open_output(jsonl)) if jsonl else sys.stdout
        bar = stack.enter_context(progress_bar())
        task = bar.add_task("parse", total=len(files))
        for name, path in files:
            line, expected = line_of(name, partial(_read, path, url, content_type))
            failed |= not expected
            print(json.dumps(line, ensure_ascii=False), file=out)
            bar.advance(task)
    if failed:
        raise typer.Exit(1)


def _files(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield files, each with its name below the directory, sorted; or the file itself."""
    if not path.is_dir():
        yield path.name, path
        return
    for file in sorted(file for file in path.rglob("*") if file.is_file()):
        yield file.relative_to(path).as_posix(), file


def _read(path: Path, url: str, content_type: str | None) -> Feed:
    return formats.parse(path.read_bytes(), url=url, content_type=content_type)


def line_of(name: str, read: Callable[[], Feed]) -> tuple[dict[str, Any], bool]:
    """Return the line for a file, and whether it is a feed or raised an IngestError."""
    try:
        feed = read()
    except IngestError as error:
        return _error_line(name, error), True
    except Exception as error:  # noqa: BLE001 - a bug on one file must not hide the others
        return _error_line(name, error), False
    return {"file": name, **feed_as_json(feed)}, True


def _error_line(name: str, error: Exception) -> dict[str, Any]:
    return {"file": name, "error": {"class": type(error).__name__, "message": str(error)}}


def feed_as_json(feed: Feed) -> dict[str, Any]:
    """Return a feed in plain values; times are ISO 8601 in UTC."""
    children = [{"url": url, "updated": times.iso(when)} for url, when in feed.children]
    return {
        "format": feed.format,
        "feed": {
            "title": feed.title,
            "home": feed.home,
            "prev_archive": feed.prev_archive,
            "next_page": feed.next_page,
            "cursor": asdict(feed.cursor) if feed.cursor else None,
            "children": children,
        },
        "entries": [_entry_as_json(entry) for entry in feed.entries],
        "warnings": list(feed.warnings),
    }


def _entry_as_json(entry: Entry) -> dict[str, Any]:
    """Return an entry in plain values; the fields of a wire item stand beside the entry's.

    `wire` is present only for a wire item, and `payload` only for an enclosure that holds one. Private editorial notes
    are left out.
    """
    values = asdict(entry)
    for name in ("wire", "payload"):
        if not values[name]:
            del values[name]
    if item := values.pop("item"):
        values.update(item, ednotes=[note for note in item["ednotes"] if note["public"]])
    return {name: times.iso(value) if isinstance(value, datetime) else value for name, value in values.items()}
