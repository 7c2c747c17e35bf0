"""Find due entries, the longest due first, without reading what may not be taken.

The head of a queue is read first.  If it is full of entries of sites that are left out, or of one address, the other
sites are found by the second index, one look-up each: a million entries of a held site cost as much as one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Row, Select, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.schema.tables import entries, sources
from ingestd.store.statements import chunks
from ingestd.store.work.addresses import address_of

#: Rows read from the head of a queue before its sites are looked at one by one.
HEAD = 500

#: Sites whose rows are read by one statement, and rows read of each at least.
_SITES, _ROWS = 10, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Entries that wait: two indexes have them in the order `first`, due time, and `first`, site, due time."""

    waiting: ColumnElement[bool]
    due_at: Column[datetime]
    #: Column that has the same value in the whole queue.
    first: Column[Any] | None = None
    #: Condition of entries that may be taken, other than their site and address; None: all may.
    only: ColumnElement[bool] | None = None

    def rows(self, now: datetime) -> Select[Any]:
        """Select the id, URL, address and site of due entries, in the order of the first index."""
        chosen = select(entries.c.id, entries.c.source_id, entries.c.url, entries.c.address, entries.c.site)
        # Not by id as well: PostgreSQL would sort all rows of one due time, such as those of a backfill, for a few.
        chosen = chosen.add_columns(self.due_at.label("due"))
        return chosen.where(self.waiting, self.due_at <= now).order_by(*self.ordered_by(self.due_at))

    def ordered_by(self, *columns: Any) -> Sequence[Any]:
        """Return columns to order by: PostgreSQL uses an index only if its first column is named as well."""
        return columns if self.first is None else (self.first, *columns)


class Chosen:
    """Due entries that may be taken: of sites not left out and, if `by_address`, one for each address.

    `taken` are addresses of which none may be taken; `without_removed` leaves out the entries of removed sources.

    An entry that carries its text fetches no page: it may be taken whatever its site, or its address.
    """

    def __init__(
        self,
        without_sites: Collection[str | None],
        *,
        by_address: bool,
        taken: Collection[str] = (),
        without_removed: bool = False,
    ) -> None:
        self._without_sites = without_sites
        self._by_address = by_address
        self._taken = set(taken)
        self._without_removed = without_removed
        self._seen: set[int] = set()
        self._left_out: dict[str, list[int]] = {}
        #: Whether every due entry has been looked at.
        self.is_all = False
        self._found: list[Row[Any]] = []

    def __len__(self) -> int:
        return len(self._found)

    def left_out(self) -> dict[str, list[int]]:
        """Return the ids of entries of sites that are left out, by site; empty unless those are all there are."""
        return self._left_out if self.is_all else {}

    def leaves_out(self, site: str | None) -> bool:
        """Return whether the entries of a site are left out."""
        return site in self._without_sites

    def ids(self) -> list[int]:
        """Return the ids, the longest due first."""
        return [row.id for row in sorted(self._found, key=lambda row: (row.due, row.id))]

    async def add(self, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> None:
        """Add those of the rows that may be taken."""
        new = [row for row in rows if row.id not in self._seen]
        self._seen.update(row.id for row in new)
        removed = await _removed(connection, {row.source_id for row in new}) if self._without_removed else ()
        left_out, repeated = [], []
        for row in new:
            if row.source_id in removed:
                continue
            if row.site in self._without_sites:
                left_out.append(row)
                continue
            address = address_of(row) if self._by_address else None
            if address in self._taken:
                repeated.append(row)
                continue
            self._found.append(row)
            if address is not None:
                self._taken.add(address)
        if self._by_address and (left_out or repeated):
            text, payload = entries.c.announced["body_html"].as_string(), entries.c.announced["payload"].as_string()
            content = {}
            for some in chunks([row.id for row in (left_out + repeated)[:HEAD]]):
                query = select(entries.c.id, text.is_not(None), payload.is_not(None)).where(entries.c.id.in_(some))
                for entry_id, has_text, has_payload in await connection.execute(query):
                    content[entry_id] = (has_text, has_payload)
            self._found += [row for row in left_out if content.get(row.id, (False,))[0]]
            left_out = [row for row in left_out if not content.get(row.id, (False,))[0]]
            self._found += [row for row in repeated if any(content.get(row.id, ()))]
        for row in left_out:
            self._left_out.setdefault(row.site, []).append(row.id)


async def _removed(connection: AsyncConnection, source_ids: Collection[int]) -> set[int]:
    """Return which of some sources are removed."""
    found: set[int] = set()
    for some in chunks(sorted(source_ids)):
        query = select(sources.c.id).where(sources.c.id.in_(some), sources.c.state == "removed")
        found.update((await connection.execute(query)).scalars())
    return found


async def find(connection: AsyncConnection, queue: Queue, chosen: Chosen, *, now: datetime, limit: int) -> list[int]:
    """Return the ids of due entries, the longest due first; a few more than `limit` if that costs nothing."""
    for size in (limit, max(limit, HEAD)):
        rows = (await connection.execute(queue.rows(now).limit(size))).all()
        await chosen.add(connection, rows)
        chosen.is_all = len(rows) < size
        if chosen.is_all or len(chosen) >= limit:
            return chosen.ids()
    sites = await _due_sites(connection, queue, now)
    left = [site for site in sites if not chosen.leaves_out(site)]
    each = max(_ROWS, HEAD // max(1, len(left)))
    for start in range(0, len(left), _SITES):
        parts = [_of_site(queue, site, now).limit(each).subquery() for site in left[start : start + _SITES]]
        rows = (await connection.execute(union_all(*(select(part) for part in parts)))).all()
        await chosen.add(connection, rows)
        if len(chosen) >= limit:
            break
    return chosen.ids()


def _of_site(queue: Queue, site: str | None, now: datetime) -> Select[Any]:
    """Select the due rows of one site, in the order of the second index."""
    of_site = entries.c.site.is_(None) if site is None else entries.c.site == site
    rows = queue.rows(now).where(of_site).order_by(None)
    if queue.only is not None:
        rows = rows.where(queue.only)
    return rows.order_by(*queue.ordered_by(entries.c.site, queue.due_at))


async def find_of_site(
    connection: AsyncConnection, queue: Queue, chosen: Chosen, site: str | None, *, now: datetime, limit: int
) -> list[int]:
    """Return the ids of due entries of one site, the longest due first; None: of those without a page."""
    rows = (await connection.execute(_of_site(queue, site, now).limit(limit))).all()
    await chosen.add(connection, rows)
    return chosen.ids()


async def _due_sites(connection: AsyncConnection, queue: Queue, now: datetime) -> list[str | None]:
    """Return the sites with due entries, the longest due first; None, for entries without a page, whether due or not.

    Costs two look-ups in the index for each site with waiting entries, however many those are.
    """
    site = entries.c.site
    ordered = select(site).where(queue.waiting).order_by(*queue.ordered_by(site)).limit(1)
    # Compared with "" to leave out null, which the databases sort to different ends.
    sites = select(ordered.where(site >= "").scalar_subquery().label("site")).cte("sites", recursive=True)
    following = ordered.where(site > sites.c.site).correlate(sites).scalar_subquery()
    sites = sites.union_all(select(following).where(sites.c.site.is_not(None)))
    first_due = (
        select(queue.due_at)
        .where(queue.waiting, site == sites.c.site)
        .order_by(*queue.ordered_by(site, queue.due_at))
        .limit(1)
        .correlate(sites)
        .scalar_subquery()
    )
    query = select(sites.c.site, first_due.label("due")).where(sites.c.site.is_not(None))
    found = (await connection.execute(query)).all()
    due = [row for row in found if row.due is not None and row.due <= now]
    return [None, *(row.site for row in sorted(due, key=lambda row: row.due))]
