"""`ingestd archive show`."""

import asyncio
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any

import typer
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.archive.protocol import Archive
from ingestd.cli.database import open_for_reading
from ingestd.cli.options import ConfigOption, JsonOption
from ingestd.cli.output import show, show_json, show_table
from ingestd.cli.settings import load_settings
from ingestd.cli.withheld import IncludeWithheldOption, log_disclosure
from ingestd.errors import ArchiveError, NotFound, UsageError
from ingestd.model.answer import Answer
from ingestd.pipeline.runtime import make_archive
from ingestd.policy.wire.redaction import may_be_shown
from ingestd.settings import Settings
from ingestd.store.records import documents, records
from ingestd.times import iso
from ingestd.urls import without_userinfo

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Document:
    """A document in the archive, or an answer without one."""

    sha256: str
    #: None: it was not fetched over HTTP, or by a release that kept no headers.
    answer: Answer | None
    #: Bytes; None: it is no longer in the archive.
    size: int | None = None
    #: Whether URL and headers may be shown, and whether the body may.
    shows_headers: bool = True
    shows_body: bool = False


def show_(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="HASH|URL|RECORD", help="A SHA-256, a requested URL, or the number or guid of a record."
        ),
    ] = None,
    robots: Annotated[
        str | None, typer.Option(metavar="SITE", help="Show all versions of a robots.txt, as of https://paper.example.")
    ] = None,
    body: Annotated[bool, typer.Option("--body", help="Write the bytes of the newest document to stdout.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Show the newest ones, at most this many.")] = 20,
    include_withheld: IncludeWithheldOption = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show answers of servers as the archive has them, oldest first.

    Each has its status line, headers, time, redirects, and the SHA-256 and length of its body. Cookies and logins were
    not stored. A record has the documents that its revisions were made from.

    Feeds and wire documents may hold withheld items, so --body writes them only with --include-withheld. Of documents
    of withheld or killed records, and of those whose record is not known, only times and lengths are shown without it.

    Exit status: 0 on success, 1 if the archive or the database cannot be used, 2 if it has nothing of that name.
    """
    if (name is None) == (robots is None):
        raise UsageError("name a SHA-256, a URL or a record, or --robots SITE")
    if body and sys.stdout.isatty():
        raise UsageError("--body writes bytes as a server sent them: redirect it to a file or into a pipe")
    settings = load_settings(config)
    log_disclosure(f"archive show {name or robots}", include_withheld=include_withheld)
    found = asyncio.run(_find(settings, name or "", robots=robots, include_withheld=include_withheld, limit=limit))
    if body:
        asyncio.run(_write_body(settings, found))
    elif json:
        show_json([_as_json(one) for one in found])
    else:
        for number, one in enumerate(found):
            if number:
                show("")
            show_table(("field", "value"), _rows(one))


async def _find(
    settings: Settings, name: str, *, robots: str | None, include_withheld: bool, limit: int
) -> list[_Document]:
    archive = make_archive(settings)
    if robots is not None:
        url = f"{robots if '://' in robots else f'https://{robots}'}".rstrip("/")
        found = await _answers(archive, url=without_userinfo(url).removesuffix("/robots.txt") + "/robots.txt")
        found = [replace(one, shows_body=True) for one in found]
    else:
        async with open_for_reading(settings) as database, database.read() as connection:
            found = await _named(connection, archive, name, include_withheld=include_withheld)
    if not found:
        raise NotFound(f"the archive has nothing of {robots or name}")
    if include_withheld:
        found = [replace(one, shows_headers=True, shows_body=True) for one in found]
    return [replace(one, size=await _size(archive, one.sha256)) for one in found[-limit:]]


async def _named(
    connection: AsyncConnection, archive: Archive, name: str, *, include_withheld: bool
) -> list[_Document]:
    """Return the documents of a hash, a URL or a record, with what may be shown of them."""
    if not _HASH.fullmatch(name) and "://" not in name:
        return await _of_record(connection, archive, name, include_withheld=include_withheld)
    if _HASH.fullmatch(name):
        found = await _answers(archive, sha256=name)
        if not found and await _size(archive, name) is not None:
            found = [_Document(sha256=name, answer=None)]
    else:
        found = await _answers(archive, url=without_userinfo(name))
    urls = {one.answer.url for one in found if one.answer}
    is_usable = await documents.are_usable(connection, urls)
    of_sources = await documents.source_urls(connection, urls)
    return [
        replace(one, shows_body=is_usable, shows_headers=is_usable or bool(one.answer and one.answer.url in of_sources))
        for one in found
    ]


async def _of_record(
    connection: AsyncConnection, archive: Archive, name: str, *, include_withheld: bool
) -> list[_Document]:
    record = await records.find(connection, name, include_withheld=include_withheld)
    rows = await records.revisions_of(connection, record.id)
    is_page = not any(row.item_hash for row in rows)  # only wire items have one
    is_usable = all(may_be_shown(row.record_status, row.pubstatus) for row in rows)
    found: list[_Document] = []
    for sha256 in dict.fromkeys(row.raw for row in rows if row.raw):
        answers = await _answers(archive, sha256=sha256) or [_Document(sha256=sha256, answer=None)]
        found += [replace(one, shows_headers=is_usable, shows_body=is_usable and is_page) for one in answers]
    return found


async def _answers(archive: Archive, *, sha256: str | None = None, url: str | None = None) -> list[_Document]:
    return [_Document(sha256=one.sha256, answer=one.answer) for one in await archive.answers(sha256=sha256, url=url)]


async def _size(archive: Archive, sha256: str) -> int | None:
    try:
        return len(await archive.get(sha256))
    except ArchiveError:
        return None


async def _write_body(settings: Settings, found: Sequence[_Document]) -> None:
    newest = next((one for one in reversed(found) if one.size is not None), None)
    if newest is None:
        raise NotFound("the archive no longer has the bytes")
    if not newest.shows_body:
        raise UsageError("it may hold what is withheld or killed; --include-withheld writes it, and is logged")
    content = await make_archive(settings).get(newest.sha256)
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def _as_json(document: _Document) -> dict[str, Any]:
    answer = document.answer and asdict(document.answer)
    if answer and not document.shows_headers:
        answer = {key: value for key, value in answer.items() if key in ("status", "reason", "fetched_at")}
    return {**(answer or {}), "sha256": document.sha256, "size": document.size}


def _rows(document: _Document) -> Iterable[tuple[str, object]]:
    """Yield the fields of a document and its answer."""
    if (answer := document.answer) is not None:
        yield "status", f"{answer.status} {answer.reason}".rstrip()
        yield "fetched", iso(answer.fetched_at)
        if document.shows_headers:
            yield "url", answer.url
            for redirect in answer.redirects:
                yield "redirect", f"{redirect.status} {redirect.reason} from {redirect.url}"
                yield from (("redirect header", f"{name}: {value}") for name, value in redirect.headers)
            if answer.final_url != answer.url:
                yield "final url", answer.final_url
    yield "sha256", document.sha256
    yield "bytes", "no longer in the archive" if document.size is None else f"{document.size:,}"
    if answer is None or not document.shows_headers:
        return
    yield from (("header", f"{name}: {value}") for name, value in answer.headers)
