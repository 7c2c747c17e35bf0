"""Find sources by address, in whichever spelling it was stored or is given, or by id."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import Database
from ingestd.store.schema.tables import aliases, sources
from ingestd.urls import is_folder, is_inbox, source_url


def address_of(name: str) -> str:
    """Return the address of what the operator wrote (`source_url`), or the name itself if it is no address."""
    try:
        return source_url(name)
    except ValueError:  # sources of backfills may have other names
        return name


#: Ids of sources by address, of those that are stored in another spelling.
Spellings = Mapping[str, Sequence[int]]

#: Sources read in one transaction.
_PAGE = 10_000


async def other_spellings(database: Database) -> Spellings:
    """Return the sources that are stored in another spelling than their address, in the order they were added.

    Reads all sources, which takes 15 s a million; `find_by_address` without this reads them for each address.
    """
    found: dict[str, list[int]] = {}
    page, rows = select(sources.c.id, sources.c.url).order_by(sources.c.id).limit(_PAGE), [(0, "")]
    while rows:
        async with database.read() as connection:
            rows = [(row.id, row.url) for row in await connection.execute(page.where(sources.c.id > rows[-1][0]))]
        for source_id, url in rows:
            if (address := address_of(url)) != url:
                found.setdefault(address, []).append(source_id)
    return found


async def find_by_address(connection: AsyncConnection, url: str, spellings: Spellings | None = None) -> Any:
    """Return the id, kind and state of the first source that `ids_at` finds, or None."""
    if not (found := await ids_at(connection, url, spellings)):
        return None
    query = select(sources.c.id, sources.c.kind, sources.c.state)
    return (await connection.execute(query.where(sources.c.id == found[0]))).one()


async def ids_at(connection: AsyncConnection, url: str, spellings: Spellings | None = None) -> list[int]:
    """Return the sources at an address (`address_of`); `spellings` are the `other_spellings`, if they were read.

    The one that is stored exactly like this comes first, then other spellings in the order they were added, which
    earlier versions stored as they were written, then sources that had the address before they moved.
    """
    exact = (await connection.execute(select(sources.c.id).where(sources.c.url == url))).scalars()
    spelled = await _ids_by_spelling(connection, url) if spellings is None else spellings.get(url, ())
    return [*exact, *spelled, *await _ids_by_alias(connection, url)]


async def _ids_by_spelling(connection: AsyncConnection, url: str) -> list[int]:
    """Return the sources whose address is `url` in another spelling, in the order they were added."""
    spelled = select(sources.c.id, sources.c.url).where(_names_host(sources.c.url, url)).order_by(sources.c.id)
    return [row.id for row in await connection.execute(spelled) if row.url != url == address_of(row.url)]


async def _ids_by_alias(connection: AsyncConnection, url: str) -> list[int]:
    spelled = select(aliases.c.source_id, aliases.c.url).where(_names_host(aliases.c.url, url))
    return [row.source_id for row in await connection.execute(spelled) if url in (row.url, address_of(row.url))]


def _names_host(column: Any, url: str) -> Any:
    """Return the condition that an address may have the host of `url`; spellings with escapes beyond ASCII count."""
    if is_folder(url) or is_inbox(url):
        return column == url
    host = urlsplit(url).hostname or ""
    return func.lower(column).contains(host, autoescape=True) if "xn--" not in host else column.like("http%")


async def find_by_id(connection: AsyncConnection, source_id: int) -> Row[Any]:
    """Return a source, also one that was removed."""
    return (await connection.execute(select(sources).where(sources.c.id == source_id))).one()
