"""Add the source at a URL, or the feeds that a web page names."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.errors import UnknownFormat
from ingestd.pipeline.node import Node
from ingestd.pipeline.read import find_feeds, naming_document, read_reply
from ingestd.pipeline.runtime import Runtime
from ingestd.policy.polling.sitemap_index import refuse_index
from ingestd.store.database import Database
from ingestd.store.nodes import control
from ingestd.store.nodes.nodes import ANY, count_others
from ingestd.store.polls import sources
from ingestd.store.work.own_claims import claim_of
from ingestd.urls import is_folder, is_remote_folder, without_userinfo


class Added(NamedTuple):
    """A source that was asked for."""

    id: int
    url: str
    #: False if it existed before.
    new: bool
    #: Entries in its feed; None if the feed was not fetched.
    entries: int | None = None
    #: Names of the values that a source that existed has taken.
    changed: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the values that there are."""
        return {key: value for key, value in self._asdict().items() if value != ()}


async def add_unread(
    database: Database,
    found: Iterable[tuple[str, str | None]],
    *,
    named: str,
    interval: float | None,
    node: str | None = None,
) -> list[Added]:
    """Add feeds, given as pairs of URL and title, without fetching them; `named` is the URL that the operator gave.

    They belong to `node`; None: to no node.
    """
    added = []
    async with database.write() as connection:
        for url, title in found:
            # The operator's own choice overrides robots.txt; a feed found on a page does not.
            source_id, new = await sources.add(
                connection, url, now=datetime.now(UTC), title=title, interval=interval, obeys_robots=url != named,
                node=node,
            )  # fmt: skip
            given = {"title": title, "interval": interval, "node": node} if url == named else {}
            changed = () if new else await _change(connection, source_id, **given)
            added.append(Added(source_id, without_userinfo(url), new, changed=changed))
    return added


async def _change(connection: AsyncConnection, source_id: int, **given: object) -> tuple[str, ...]:
    """Give a source that exists the values that are not None; returns their names."""
    values = {name: value for name, value in given.items() if value is not None}
    if values:
        await sources.change(connection, source_id, **values)
    return tuple(values)


async def owner_of(connection: AsyncConnection, node: Node, url: str, wanted: str | None) -> str | None:
    """Return the only node that is to poll a new source, None if all may; raises NotFound if `wanted` is none.

    A folder on a disk belongs to the `node` where it is added, if there is more than one.
    """
    if wanted == ANY:
        return None
    if wanted is not None:
        return (await control.find(connection, wanted)).name
    is_local = is_folder(url) and not is_remote_folder(url)
    if not is_local or not (node.is_one_of_many or await count_others(connection, node.name)):
        return None
    return node.name


async def fetch_and_add(
    runtime: Runtime, url: str, *, title: str | None, interval: float | None, node: str | None = None
) -> list[Added]:
    """Add the feed at a URL, or else the feeds that the page there names; raises FetchError, UnknownFormat.

    The response counts as the first poll, so that the feed is not fetched twice.
    """
    async with runtime.database.write() as connection:
        if (known := await sources.find_polled(connection, url)) is not None:
            changed = await _change(connection, known, title=title, interval=interval, node=node)
            return [Added(known, without_userinfo(url), new=False, changed=changed)]
    reply = await runtime.fetcher.get(url, accepts_204=True)
    try:
        # An agency's list that has nothing new may have no document.
        with naming_document(url):
            feed = None if reply.has_no_document else (await read_reply(runtime.pool, reply)).feed
    except UnknownFormat as error:
        feeds = await find_feeds(runtime.pool, reply)
        if not feeds:
            raise UnknownFormat(f"{without_userinfo(url)} is not a feed and names none") from error
        named = [(feed.url, title or feed.title) for feed in feeds]
        return await add_unread(runtime.database, named, named=url, interval=interval, node=node)
    if feed:
        refuse_index(feed, url)
    [added] = await add_unread(runtime.database, [(url, title)], named=url, interval=interval, node=node)
    with runtime.claims.claiming() as register:
        async with runtime.database.write() as connection:
            claimed = await sources.claim(connection, runtime.run_id, [added.id])
            register(map(claim_of, claimed))
    try:
        polled = [await runtime.ingest.poller.poll(source, reply) for source in claimed]
    finally:
        runtime.claims.remove(map(claim_of, claimed))
    return [added._replace(entries=polled[0].listed if polled else None)]
