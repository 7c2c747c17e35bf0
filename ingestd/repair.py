"""Gaps closed: what came and went unseen is looked for where it may still be."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog

from ingestd.backfill.documents import Documents
from ingestd.backfill.listing import Step, Task
from ingestd.backfill.sitemap import list_sitemap
from ingestd.errors import IngestError
from ingestd.model import Source
from ingestd.store import decisions, entries, gaps, polls, sources
from ingestd.store.database import Database
from ingestd.store.decisions import Decision
from ingestd.store.gaps import Gap
from ingestd.store.poll import Announcement
from ingestd.times import iso
from ingestd.urls import site, without_userinfo
from ingestd.web.fetcher import Fetcher

log = structlog.get_logger(__name__)

#: Waits between the tries for one gap (seconds); after the last one it stays open until somebody accepts it.
TRIES = (300.0, 3600.0, 6 * 3600.0)

#: Documents that one try for one gap may fetch.
MOST_DOCUMENTS = 20

#: Sitemaps of a site that are looked into.
_SITEMAPS = 5

#: By how much a sitemap may date a page otherwise than its feed does.
_EARLIER_OR_LATER = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What one way of looking came to."""

    #: Entries that were not known.
    found: tuple[Announcement, ...] = ()
    #: Whether nothing can be missing any more.
    whole: bool = False
    note: str


class Repair:
    """Looks for what gaps may have lost; `MOST_DOCUMENTS` at a try, each in its site's turn."""

    def __init__(self, *, database: Database, fetcher: Fetcher, documents: Documents) -> None:
        self._database = database
        self._fetcher = fetcher
        self._documents = documents

    async def run(self, *, limit: int = 10) -> int:
        """Try each open gap that is due; returns how many entries were found."""
        async with self._database.read() as connection:
            due = await gaps.due(connection, now=datetime.now(UTC), limit=limit)
        return sum([await self._try(gap) for gap in due])

    async def _try(self, gap: Gap) -> int:
        async with self._database.read() as connection:
            source = sources.source_of(await sources.find(connection, str(gap.source_id)))
        notes, found = [], 0
        whole = False
        for way in WAYS:
            try:
                mended = await way(self, gap, source)
            except IngestError as error:
                notes.append(str(error))
                continue
            found += await self._keep(gap, mended)
            notes.append(mended.note)
            if whole := mended.whole:
                break
        await self._note(gap, found=found, note="; ".join(notes), whole=whole)
        log.info(
            "gap repaired" if whole else "gap stays open",
            gap=gap.id, source=without_userinfo(source.url), found=found, note="; ".join(notes),
        )  # fmt: skip
        return found

    async def _note(self, gap: Gap, *, found: int, note: str, whole: bool) -> None:
        now = datetime.now(UTC)
        again = TRIES[gap.attempts] if gap.attempts < len(TRIES) and not whole else None
        async with self._database.write() as connection:
            await gaps.tried(
                connection, gap, found=found, note=note[:1000], closed_at=now if whole else None,
                due_at=now + timedelta(seconds=again) if again else None,
            )  # fmt: skip

    async def _keep(self, gap: Gap, mended: Mended) -> int:
        now = datetime.now(UTC)
        async with self._database.write() as connection:
            await polls.add_entries(connection, gap.source_id, mended.found, now=now)
            guids = [item.entry.guid for item in mended.found]
            ids = await entries.ids_of(connection, gap.source_id, guids)
            reason = f"found by repair of gap {gap.id}: {mended.note}"
            await decisions.add(
                connection,
                [Decision(at=now, entry_id=one, stage="repair", verdict="found", reason=reason) for one in ids],
            )
        return len(mended.found)

    async def by_paging(self, gap: Gap, _source: Source) -> Mended:
        """Walk from the document after the gap to older ones (RFC 5005), until one has what was known before it."""
        url, found = gap.older, list[Announcement]()
        if url is None:
            return Mended(note="the feed names no older entries")
        for number in range(1, MOST_DOCUMENTS + 1):
            document = await self._documents.fetch(url)
            guids = [item.entry.guid for item in document.announcements]
            async with self._database.read() as connection:
                known = await polls.known_entries(connection, gap.source_id, guids)
            found += [item for item in document.announcements if item.entry.guid not in known]
            older = document.feed.prev_archive or document.feed.next_page
            if any(entry.first_seen_at <= gap.from_at for entry in known.values()):
                return Mended(found=tuple(found), whole=True, note=f"paged back {number} documents to known entries")
            if not older or older == url or not guids:
                return Mended(found=tuple(found), whole=True, note=f"paged back {number} documents to the end")
            url = older
        return Mended(found=tuple(found), note=f"{MOST_DOCUMENTS} documents did not reach back far enough")

    async def by_sitemap(self, gap: Gap, source: Source) -> Mended:
        """Look into the sitemaps that robots.txt names, for pages of that time in the sections the source is of."""
        async with self._database.read() as connection:
            sections = {_section(url) for url in await gaps.latest_urls(connection, source.id)}
        place = source.url if not sections else next(iter(sections))[0]
        sitemaps = [url for url in await self._fetcher.robots.sitemaps(place) if site(url) == site(place)]
        found: dict[str, Announcement] = {}
        reaches_back = False
        for url in sitemaps[:_SITEMAPS]:
            span = {"since": iso(gap.from_at - _EARLIER_OR_LATER), "until": iso(gap.to_at + _EARLIER_OR_LATER)}
            steps = list_sitemap(self._documents, Task(argument=url, options=span, position={}))
            async for step in _some(steps, MOST_DOCUMENTS):
                reaches_back = reaches_back or bool(step.left_out.get("older"))
                found |= {item.entry.link: item for item in step.found if item.entry.link}
        wanted = {url: item for url, item in found.items() if _section(url) in sections}
        async with self._database.read() as connection:
            known = await gaps.known_urls(connection, wanted)
        new = tuple(item for url, item in wanted.items() if url not in known)
        if not sitemaps:
            return Mended(note="robots.txt names no sitemap")
        reach = "whose pages reach back before it" if reaches_back else "whose pages do not reach back before it"
        return Mended(found=new, whole=reaches_back, note=f"{len(sitemaps)} sitemaps, {reach}")


#: The ways to look, in this order.
WAYS: tuple[Callable[[Repair, Gap, Source], Awaitable[Mended]], ...] = (Repair.by_paging, Repair.by_sitemap)


def _section(url: str) -> tuple[str, str]:
    """Return an address's origin and the first folder of its path."""
    parts = urlsplit(url)
    folder = parts.path.lstrip("/").partition("/")
    return f"{parts.scheme}://{parts.netloc}/", folder[0] if folder[1] else ""


async def _some(steps: AsyncGenerator[Step, None], most: int) -> AsyncGenerator[Step, None]:
    number = 0
    async for step in steps:
        yield step
        number += 1
        if number >= most:
            return
