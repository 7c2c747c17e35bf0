"""Documents as ingestd saves them, in a database, and placed in stories by its own placer."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from time import process_time
from typing import Any

from sqlalchemy import bindparam, select, update

from ingestd.articles.agencies.detection import StoryParts, find_agencies
from ingestd.articles.agencies.table import TABLE
from ingestd.articles.witnesses.copyright_notices import copyright_notices
from ingestd.likeness.content_hash import content_hash
from ingestd.model.article import Article
from ingestd.model.feed import Entry
from ingestd.model.item import Concept, Item
from ingestd.model.source import NO_VALIDATORS
from ingestd.pipeline.stories.placer import Placer
from ingestd.policy.articles.revisits import NO_VISITS
from ingestd.settings.values import with_async_driver
from ingestd.store.database import Database
from ingestd.store.polls import polls, sources
from ingestd.store.polls.poll_result import ListedEntry
from ingestd.store.records.outcomes import Saved
from ingestd.store.records.save import save_outcomes
from ingestd.store.schema import migrate
from ingestd.store.schema.tables import copies, entries, installation, records, stories
from ingestd.store.work.entries import ClaimedEntry
from ingestd.workers.wire_version import version_of

Document = Mapping[str, Any]
#: How a source of the set is named that is an agency's own site.
OWN_SITE = "-online.example"
_RUN = "benchmark"
#: Documents that one transaction saves at most.
_TRANSACTION = 25
_NAMES = {row.code.casefold(): row.name for row in TABLE}


@asynccontextmanager
async def open_database(url: str, *, base: int | None = None) -> AsyncIterator[Database]:
    """Open a database, and create its tables where it has none; `base` is that of its hashes."""
    await migrate.upgrade(url)
    async with Database(with_async_driver(url)) as database:
        if base is not None:
            async with database.write() as connection:
                await connection.execute(update(installation).values(likeness_base=base))
        yield database


@dataclass
class Writer:
    """Saves documents in the order in which they arrive."""

    database: Database
    source_ids: dict[str, int] = field(default_factory=dict)
    #: Document → its entry.
    entry_of: dict[str, int] = field(default_factory=dict)
    #: Entry by source and guid, with the number of its last claim.
    known: dict[tuple[str, str], ClaimedEntry] = field(default_factory=dict)

    async def add_sources(self, documents: Sequence[Document]) -> None:
        names = dict.fromkeys(one["source"] for one in documents)
        first = min(time(one["seen"]) for one in documents)
        async with self.database.write() as connection:
            for name in names:
                url = f"https://{_host(name)}/feed"
                self.source_ids[name], _ = await sources.add(connection, url, now=first, title=name)

    async def save(self, documents: Sequence[Document]) -> None:
        """Save documents; those of one kind that follow each other share a transaction."""
        pending: list[Document] = []
        for one in documents:
            if pending and not self._fits(pending, one):
                await self._save(pending)
                pending = []
            pending.append(one)
        if pending:
            await self._save(pending)

    def _fits(self, pending: Sequence[Document], one: Document) -> bool:
        same = any(_entry_key(other) == _entry_key(one) for other in pending)
        return len(pending) < _TRANSACTION and bool(pending[0]["provider"]) == bool(one["provider"]) and not same

    async def _save(self, documents: Sequence[Document]) -> None:
        async with self.database.write() as connection:
            for one in documents:
                if _entry_key(one) not in self.known or one["provider"]:
                    listed = ListedEntry(entry=_entry(one), fingerprint=one["id"], version=_version(one))
                    await polls.add_entries(connection, self.source_ids[one["source"]], [listed], now=time(one["seen"]))
            await self._claim(connection, documents)
            pages = [one for one in documents if not one["provider"] and one["body_text"]]
            if pages:
                await save_outcomes(connection, [self._outcome(one) for one in pages])

    async def _claim(self, connection: Any, documents: Sequence[Document]) -> None:
        c = entries.c
        for one in documents:
            key = _entry_key(one)
            row = (
                await connection.execute(
                    select(c.id, c.claims, c.record_id, c.site).where(
                        c.source_id == self.source_ids[one["source"]], c.guid == key[1]
                    )
                )
            ).one()
            self.entry_of[one["id"]] = row.id
            if one["provider"]:
                continue
            await connection.execute(_CLAIM, {"entry": row.id})
            self.known[key] = ClaimedEntry(
                id=row.id,
                source_id=self.source_ids[one["source"]],
                run_id=_RUN,
                entry=_entry(one),
                attempts=0,
                site=row.site,
                validators=NO_VALIDATORS,
                record_id=row.record_id,
                first_seen_at=time(one["seen"]),
                claim=row.claims + 1,
            )

    def _outcome(self, one: Document) -> Saved:
        article = article_of(one)
        digest = content_hash(article.body_text, headline=article.headline)
        link = _entry(one).link
        return Saved(
            work=self.known[_entry_key(one)], at=time(one["seen"]), article=article, content_hash=digest,
            whole_hash=digest, url=link, fragment=False, page_url=link or "", content_type="text/html",
            extractor="benchmark", rules="0", site="", block_hashes=(), visits=NO_VISITS,
        )  # fmt: skip


_CLAIM = (
    update(entries)
    .where(entries.c.id == bindparam("entry"))
    .values(state="pending", run_id=_RUN, claims=entries.c.claims + 1)
)


def article_of(one: Document) -> Article:
    """Return the article that extraction would give, with the agencies that it names."""
    paragraphs = one["body_text"].split("\n\n")
    parts = StoryParts(
        dateline=one["dateline"],
        byline=one["byline"],
        copyright=copyright_notices(paragraphs),
        text=one["body_text"],
    )
    printed = one["published"]
    return Article(
        headline=one["headline"],
        body_text=one["body_text"],
        byline=one["byline"],
        dateline=one["dateline"],
        language=one["language"],
        firstcreated=time(printed) if printed else None,
        date_precision=("minute" if "T" in printed else "day") if printed else None,
        source=_site_name(one["source"]),
        agencies=find_agencies(parts, one["language"]),
    )


def _site_name(source: str) -> str:
    code = source.removesuffix(OWN_SITE) if source.endswith(OWN_SITE) else ""
    return _NAMES.get(code, source)


def _version(one: Document) -> Any:
    if not one["provider"]:
        return None
    printed = one["published"]
    item = Item(
        guid=one["guid"] or one["id"],
        version=str(one["version"]) if one["version"] is not None else None,
        versioncreated=time(printed) if printed else None,
        pubstatus=one["pubstatus"] or "usable",
        headline=one["headline"],
        body_text=one["body_text"] or None,
        byline=one["byline"],
        dateline=one["dateline"],
        language=one["language"],
        provider=Concept(code=one["provider"], scheme=None, uri=None, name=one["provider"]),
        source=one["provider"],
    )
    return version_of(item, "ninjs")


def _entry(one: Document) -> Entry:
    guid = one["guid"] or one["id"]
    link = guid if guid.startswith("http") else f"https://{_host(one['source'])}/{one['id']}"
    printed = one["published"]
    return Entry(
        guid=guid,
        link=link,
        headline=one["headline"],
        published=time(printed) if printed else None,
        published_precision=("minute" if "T" in printed else "day") if printed else None,
    )


def _entry_key(one: Document) -> tuple[str, str]:
    return one["source"], one["guid"] or one["id"]


def _host(source: str) -> str:
    return source if "." in source else f"{source}.example"


def time(text: str) -> datetime:
    return datetime.fromisoformat(text if "T" in text else f"{text}T00:00:00Z")


async def place(
    url: str, documents: Sequence[Document], *, restart: int, writers: int, together: int, base: int | None = None
) -> tuple[dict[str, int], dict[str, float]]:
    """Save documents and place them as they come, `together` at a time.

    Every `restart` documents all connections are closed, and placers begin with nothing in memory.  Of several placers,
    one saves its batch while the other computes the same one.

    Returns the entry of each document, and the CPU time of saving and of placing in seconds.
    """
    entry_of: dict[str, int] = {}
    used = {"saving": 0.0, "placing": 0.0}
    known: dict[tuple[str, str], ClaimedEntry] = {}
    for first in range(0, len(documents), restart):
        some = documents[first : first + restart]
        async with AsyncExitStack() as stack:
            databases = [await stack.enter_async_context(open_database(url, base=base)) for _ in range(writers)]
            placers = [Placer(database) for database in databases]
            writer = Writer(databases[0], known=known)
            await writer.add_sources(documents)
            for begin in range(0, len(some), together):
                start = process_time()
                await writer.save(some[begin : begin + together])
                used["saving"] += process_time() - start
                start = process_time()
                await asyncio.gather(*(placer.place_all() for placer in placers))
                used["placing"] += process_time() - start
            entry_of |= writer.entry_of
    return entry_of, used


async def predictions(url: str, documents: Sequence[Document], entry_of: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return a line for each document, from the tables that the placer has written."""
    async with open_database(url) as database, database.read() as connection:
        c = copies.c
        found = {row.record_id: row for row in await connection.execute(select(copies))}
        firsts = {
            row.id: (row.first_record, row.first_entry)
            for row in await connection.execute(select(stories.c.id, stories.c.first_record, stories.c.first_entry))
        }
        record_of = dict((await connection.execute(select(entries.c.id, entries.c.record_id))).tuples().all())
        query = select(records.c.id, records.c.origin_entry_id).join(copies, c.record_id == records.c.id)
        own = dict((await connection.execute(query)).tuples().all())
    document_of: dict[int, str] = {}
    for one in documents:
        document_of.setdefault(entry_of[one["id"]], one["id"])
    lines = []
    for one in documents:
        entry = entry_of[one["id"]]
        copy = found.get(record_of[entry] or 0)
        if copy is None:
            lines.append({"id": one["id"], "cluster": f"alone {one['id']}", "origin": None, "first": None, "via": None})
            continue
        is_own = own[copy.record_id] == entry
        origins = [record for record in (copy.origin_record, copy.second_origin) if record]
        if not origins and not is_own and (copy.agency or not copy.origin_agency):
            origins = [copy.record_id]  # it carries the origin's own text
        first_record, first_entry = firsts[copy.story_id]
        # A carrier of a text that is not the origin's alone has it from whoever carried it first.
        via = copy.via_record if is_own or not _has_own(copy) else copy.record_id
        issued = [document_of[own[record]] for record in origins if record in own]
        lines.append(
            {
                "id": one["id"],
                "cluster": copy.story_id,
                "origin": issued[0] if len(issued) == 1 else issued or None,
                "first": document_of.get(first_entry or own.get(first_record)),
                "via": document_of.get(own.get(via)),
            }
        )
    return lines


def _has_own(copy: Any) -> bool:
    """Return whether a record has text of its own beside its origin's: eight shingles."""
    return copy.origin_record is not None and (1 - (copy.share or 0)) * copy.tokens >= 8
