"""`backfill files`: saved feeds and saved pages, out of a directory."""

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
from ingestd.formats.common.sniffing import root_name
from ingestd.model.feed import Entry
from ingestd.model.page import Page
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.listings.listing import ListingStep, ListingTask
from ingestd.pipeline.read import FetchedPage
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.work.entries import ClaimedEntry

log = structlog.get_logger(__name__)

#: Files that are read at once and committed together.
_AT_ONCE = 32

#: Elements that a page begins with, whole or cut.
_PAGES = frozenset("html head body main article section div p h1 h2 title meta".split())


async def list_files(documents: DocumentReader, task: ListingTask) -> AsyncGenerator[ListingStep, None]:
    """List what the files below a directory hold, in the order of their paths; plain or gzipped, told by content.

    The entries of a feed are listed as if it had been polled: where they carry no full text, their pages are
    fetched.  A page is an entry by itself, which leads to the file.  With option `base`, the URL that the directory
    stands for, a file `a/b.html` is the page at `a/b.html` below it; otherwise a page is known by its content.
    """
    folder, after = Path(task.argument), _order(task.position.get("path", ""))
    paths = [
        path for path in await asyncio.to_thread(lambda: list(_files(folder))) if _order(_name(folder, path)) > after
    ]
    for start in range(0, len(paths), _AT_ONCE):
        some = paths[start : start + _AT_ONCE]
        looks = [_look(documents, path, folder, task.options.get("base")) for path in some]
        found = await asyncio.gather(*looks)
        yield ListingStep(
            found=tuple(item for items in found for item in items or ()),
            position={"path": _name(folder, some[-1])},
            documents=len(some),
            left_out={"no feed or page": found.count(None)} if None in found else {},
        )


def _name(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _files(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is no directory")
    for place, folders, names in walk(folder):
        # In the order of whole paths, so that a resumed walk knows what it has seen.
        folders.sort()
        yield from (Path(place, name) for name in sorted(names))


def _order(name: str) -> tuple[tuple[bool, str], ...]:
    """Return what sorts a path as `_files` does: of a folder, its files come before its folders."""
    parts = name.split("/")
    return tuple((index < len(parts) - 1, part) for index, part in enumerate(parts)) if name else ()


async def _look(documents: DocumentReader, path: Path, folder: Path, base: str | None) -> tuple[ListedEntry, ...] | None:
    """Return what a file announces; None when it is neither a feed nor a page."""
    name = _name(folder, path)
    url = _url(base, name)
    try:
        body = await asyncio.to_thread(_read, path, documents.max_body)
        return (await documents.parse(body, url=url or path.as_uri())).listed_entries
    except UnknownFormat as error:
        if root_name(body) in _PAGES:
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
        raise ParseError(f"more than max_body, {limit} bytes")
    return inflated(path.read_bytes())


@dataclass(frozen=True, slots=True)
class SavedPages:
    """Gets an entry's page from the file that it leads to."""

    folder: Path
    base: str | None
    documents: DocumentReader

    async def __call__(self, work: ClaimedEntry) -> FetchedPage | None:
        """Return a saved page, or what an entry of a saved feed leads to; raises FetchError, ParseError."""
        address = work.entry.link or ""
        if urlsplit(address).scheme != "file":
            return await self.documents.fetch_page(work)
        # A saved feed may name any file: only what is below the directory was asked for.
        if (path := _below(self.folder, address)) is None:
            raise Forbidden(address, "not below the directory of this backfill")
        try:
            body = await asyncio.to_thread(_read, path, self.documents.max_body)
        except OSError as error:
            raise FetchError(address, error.strerror or str(error)) from error
        url = _url(self.base, _name(self.folder, path))
        return FetchedPage(page=Page(url=url or address, body=body), url=url)
