"""`backfill files`: list the saved feeds and pages in a directory."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from hashlib import sha256
from os import walk
from os.path import normpath
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import structlog

from ingestd.errors import FetchError, Forbidden, ParseError, UnknownFormat, UsageError, WorkerError
from ingestd.formats.common.gzipped import inflated
from ingestd.model.feed import Entry
from ingestd.model.page import Page
from ingestd.model.sniffing import root_name
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.listings.listing import ListingStep, ListingTask
from ingestd.pipeline.read import FetchedPage
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.work.entries import ClaimedEntry

log = structlog.get_logger(__name__)

#: Number of files that are read concurrently and committed together.
_BATCH_SIZE = 32

#: Root elements of a web page, or of a part of one that was saved.
_PAGE_ELEMENTS = frozenset("html head body main article section div p h1 h2 title meta".split())


async def list_files(reader: DocumentReader, task: ListingTask) -> AsyncGenerator[ListingStep, None]:
    """List the entries of the files below a directory, in the order of their paths; files may be gzipped.

    The entries of a feed are listed as if the feed had been polled: their pages are fetched unless they have their full
    text.  A page becomes an entry that links to the file.  With the option `base`, the URL of the directory, the file
    `a/b.html` is the page at `a/b.html` below that URL; without it, a page is identified by its content.
    """
    folder, after = Path(task.argument), _sort_key(task.position.get("path", ""))
    paths = [
        path for path in await asyncio.to_thread(lambda: list(_files(folder))) if _sort_key(_name(folder, path)) > after
    ]
    for start in range(0, len(paths), _BATCH_SIZE):
        batch = paths[start : start + _BATCH_SIZE]
        reads = [_read_file(reader, path, folder, task.options.get("base")) for path in batch]
        found = await asyncio.gather(*reads)
        yield ListingStep(
            found=tuple(item for items in found for item in items or ()),
            position={"path": _name(folder, batch[-1])},
            documents=len(batch),
            left_out={"no feed or page": found.count(None)} if None in found else {},
        )


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a directory")
    for place, folders, names in walk(folder):
        # In the order of whole paths, so that a resumed listing knows which files it has read.
        folders.sort()
        yield from (Path(place, name) for name in sorted(names))


def _sort_key(name: str) -> tuple[tuple[bool, str], ...]:
    """Return the sort key of a path in the order of `_files`: the files of a folder come before its subfolders."""
    parts = name.split("/")
    return tuple((index < len(parts) - 1, part) for index, part in enumerate(parts)) if name else ()


async def _read_file(
    reader: DocumentReader, path: Path, folder: Path, base: str | None
) -> tuple[ListedEntry, ...] | None:
    """Return the entries of a file.  None: it is neither a feed nor a page."""
    name = _name(folder, path)
    url = _url(base, name)
    try:
        body = await asyncio.to_thread(_read, path, reader.max_body)
        return (await reader.parse(body, url=url or path.as_uri())).listed_entries
    except UnknownFormat as error:
        if root_name(body) in _PAGE_ELEMENTS:
            return (_page(path, body, url),)
        log.warning("file left out", file=name, error=str(error))
    except (ParseError, WorkerError, OSError) as error:
        log.warning("file left out", file=name, error=str(error))
    return None


def _page(path: Path, body: bytes, url: str | None) -> ListedEntry:
    digest = sha256(body).hexdigest()
    entry = Entry(guid=url or f"sha256:{digest}", id_origin="link" if url else "hash", link=path.as_uri())
    return ListedEntry(entry=entry, fingerprint=digest)


def _url(base: str | None, name: str) -> str | None:
    return f"{base.rstrip('/')}/{quote(name)}" if base else None


def _below(folder: Path, address: str) -> Path | None:
    path = Path(normpath(unquote(urlsplit(address).path)))
    return path if path.is_relative_to(folder) else None


def _read(path: Path, limit: int) -> bytes:
    if path.stat().st_size > limit:
        raise ParseError(f"larger than max_body, {limit} bytes")
    return inflated(path.read_bytes())


@dataclass(frozen=True, slots=True)
class SavedPages:
    """Function that reads an entry's page from the file it links to."""

    folder: Path
    base: str | None
    reader: DocumentReader

    async def __call__(self, work: ClaimedEntry) -> FetchedPage | None:
        """Return a saved page, or fetch the page of an entry in a saved feed; raises FetchError, ParseError."""
        address = work.entry.link or ""
        if urlsplit(address).scheme != "file":
            return await self.reader.fetch_page(work)
        # A saved feed may link to any file; only those below the directory may be read.
        if (path := _below(self.folder, address)) is None:
            raise Forbidden(address, "not below the directory of the backfill")
        try:
            body = await asyncio.to_thread(_read, path, self.reader.max_body)
        except OSError as error:
            raise FetchError(address, error.strerror or str(error)) from error
        url = _url(self.base, _name(self.folder, path))
        return FetchedPage(page=Page(url=url or address, body=body), url=url)
