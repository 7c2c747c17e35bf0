"""`backfill urls`: list the URLs in a file, one per line."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import structlog

from ingestd.errors import UsageError
from ingestd.model.feed import Entry
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.listings.listing import ListingStep, ListingTask
from ingestd.policy.polling.novelty import fingerprint
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.text import collapse
from ingestd.urls import normalise, without_userinfo

log = structlog.get_logger(__name__)

#: Lines that are committed together, and the longest line, in bytes.
_LINES, _MAX_LINE = 1000, 8192


async def list_urls(_reader: DocumentReader, task: ListingTask) -> AsyncGenerator[ListingStep, None]:
    """List the URLs in a file, or on standard input for "-"; empty lines and comments (#) are skipped.

    A line that is not an http(s) URL is logged with its number and counted as left out.
    Standard input cannot be read twice: a resumed backfill processes only the lines that were committed.
    """
    done: int = task.position.get("line", 0)
    if task.argument == "-" and done:
        return
    with _open(task.argument) as file:
        await asyncio.to_thread(_skip, file, done)
        while lines := await asyncio.to_thread(_read_lines, file):
            numbered = enumerate(lines, done + 1)
            found = [_listed_entry(line, number) for number, line in numbered if _is_content(line)]
            done += len(lines)
            yield ListingStep(
                found=tuple(item for item in found if item),
                position={"line": done},
                documents=0,
                left_out={"no URL": found.count(None)} if None in found else {},
            )


def _read_lines(file: BinaryIO) -> list[bytes]:
    return list(islice(iter(lambda: file.readline(_MAX_LINE), b""), _LINES))


def _open(argument: str) -> BinaryIO:
    if argument == "-":
        return sys.stdin.buffer
    try:
        return Path(argument).open("rb")
    except OSError as error:
        raise UsageError(f"{argument}: {error.strerror}") from error


def _skip(file: BinaryIO, lines: int) -> None:
    for _ in islice(iter(lambda: file.readline(_MAX_LINE), b""), lines):
        pass


def _is_content(line: bytes) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(b"#")


def _listed_entry(line: bytes, number: int) -> ListedEntry | None:
    url = line.decode("utf-8-sig", "replace").strip()
    try:
        guid = normalise(url)
    except ValueError:
        log.warning("no URL", line=number, text=without_userinfo(collapse(url)[:200]))
        return None
    entry = Entry(guid=guid, id_origin="link", link=url)
    return ListedEntry(entry=entry, fingerprint=fingerprint(entry))
