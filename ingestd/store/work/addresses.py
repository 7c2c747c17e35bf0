"""Addresses of entries' pages: spellings of one address are one page (`urls.page_address`).

Most URLs are in their normal form.  Such an entry is found by its address; the index of URLs has only the others.  Rows
that earlier versions wrote have no address yet.  They are found by their URL: as it is given, or in its normal form.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import entries
from ingestd.store.statements import chunks
from ingestd.urls import page_address


def address_of(row: Any) -> str | None:
    """Return the address of an entry's page, given a row with its `address` and `url`; None: it has no URL."""
    address: str | None = row.address or (row.url and page_address(row.url))
    return address


def has_url(table: Any, urls: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that an entry has one of some URLs as its feed writes it; costs look-ups in two indexes."""
    found = sorted(set(urls))
    return or_(and_(table.c.address.in_(found), table.c.address == table.c.url), is_written(table, found))


def is_written(table: Any, urls: Sequence[str] | BindParameter[Any]) -> ColumnElement[bool]:
    """Return the condition that an entry has one of some URLs, which is not its address, or it has no address yet."""
    return and_(table.c.url.in_(urls), _is_not_address(table))


def _is_not_address(table: Any) -> ColumnElement[bool]:
    # The condition of the index `entries_by_written_url`, word for word.
    return or_(table.c.address.is_(None), table.c.address != table.c.url)


def has_address(table: Any, urls: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that an entry's page has the address of one of some URLs; costs look-ups in two indexes."""
    found = sorted({page_address(url) for url in urls})
    return or_(table.c.address.in_(found), is_written(table, sorted({*found, *urls})))


def have_same_address(table: Any, other: Any) -> ColumnElement[bool]:
    """Return the condition that an entry of `other` has the address of one of `table`, both `entries` or aliases."""
    own = func.coalesce(table.c.address, table.c.url)
    # Each is a look-up in an index of `other`.
    written = _is_not_address(other)
    return or_(other.c.address == own, and_(other.c.url == own, written), and_(other.c.url == table.c.url, written))


async def known_urls(connection: AsyncConnection, urls: Collection[str]) -> set[str]:
    """Return those of the URLs that entries of any source have."""
    found: set[str] = set()
    for some in chunks([*urls]):
        query = select(entries.c.url).where(has_url(entries, some))
        found.update((await connection.execute(query)).scalars())
    return found
