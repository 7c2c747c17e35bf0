"""Fetch the text of a wire item that its agency gives by reference, with the login of the source."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from ingestd.errors import FetchError, Held, LoginNeeded, ParseError
from ingestd.model.answer import Answer
from ingestd.model.feed import Entry
from ingestd.model.text_references import text_addresses
from ingestd.model.version import Version
from ingestd.pipeline.attempts import hold_if_removed
from ingestd.policy.articles.plausible_dates import article_with_plausible_dates
from ingestd.store.database import Database
from ingestd.store.polls import source_addresses
from ingestd.store.work.entries import ClaimedEntry
from ingestd.urls import copy_userinfo, without_userinfo
from ingestd.web.body.memory_budget import Reservation
from ingestd.web.fetcher import Fetcher
from ingestd.web.logins import parse_origin
from ingestd.workers.pool import Pool


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSource:
    """The source that listed an item."""

    url: str
    obeys_robots: bool = False


async def find_source(database: Database, work: ClaimedEntry) -> ListSource:
    """Return the source that listed an item; raises StoreError, and Held if the source was removed."""
    async with database.read() as connection:
        await hold_if_removed(connection, work)
        row = await source_addresses.find_by_id(connection, work.source_id)
    return ListSource(url=row.url, obeys_robots=row.obeys_robots)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedText:
    """The text of an item as fetched, and the version with it."""

    #: Without user-info.
    url: str
    body: bytes
    answer: Answer | None
    version: Version


async def fetch_text(
    fetcher: Fetcher, pool: Pool, entry: Entry, source: ListSource, *, reservation: Reservation | None = None
) -> FetchedText:
    """Fetch the text of an entry's item, the next form of it if one cannot be read; raises the error of the last.

    A text at the source's own origin is requested as the source itself is, one at another origin with the operator's
    login for that, or else as robots.txt allows it.  Raises FetchError, ParseError, WorkerError.
    """
    failure: FetchError | ParseError = ParseError("the item names no text")
    for address in text_addresses(entry):
        try:
            return await _fetch(fetcher, pool, entry, address, source, reservation)
        except (Held, LoginNeeded):
            raise
        except (FetchError, ParseError) as error:
            if error.local:
                raise
            failure = error
    raise failure


async def _fetch(
    fetcher: Fetcher, pool: Pool, entry: Entry, address: str, source: ListSource, reservation: Reservation | None
) -> FetchedText:
    is_own = parse_origin(address) == parse_origin(source.url)
    obey_robots = source.obeys_robots if is_own else not fetcher.has_login_for(address)
    url = copy_userinfo(source.url, address) if is_own else address
    reply = await fetcher.get(url, obey_robots=obey_robots, reservation=reservation)
    job = "ingestd.workers.jobs:complete_item"
    version: Version = await pool.run(job, entry, reply.body, reply.final_url, reply.content_type)
    now = datetime.now(UTC)
    version = replace(version, article=article_with_plausible_dates(version.article, now))
    return FetchedText(url=without_userinfo(address), body=reply.body, answer=reply.answer(now), version=version)
