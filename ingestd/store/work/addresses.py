"""Addresses of entries' pages: spellings of one address are one page (`urls.page_address`).

Rows that earlier versions wrote have no address yet.  They are found by their URL: as it is given, or in its normal
form, which most URLs have.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, func, or_

from ingestd.urls import page_address


def address_of(row: Any) -> str | None:
    """Return the address of an entry's page, given a row with its `address` and `url`; None: it has no URL."""
    address: str | None = row.address or (row.url and page_address(row.url))
    return address


def has_address(table: Any, urls: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that an entry's page has the address of one of some URLs; costs look-ups in two indexes."""
    found = sorted({page_address(url) for url in urls})
    return or_(table.c.address.in_(found), table.c.url.in_(sorted({*found, *urls})))


def have_same_address(table: Any, other: Any) -> ColumnElement[bool]:
    """Return the condition that an entry of `other` has the address of one of `table`, both `entries` or aliases."""
    own = func.coalesce(table.c.address, table.c.url)
    # Each is a look-up in an index of `other`.
    return or_(other.c.address == own, other.c.url == own, other.c.url == table.c.url)
