"""Delete everything that is older than its limit, kind by kind."""

from collections.abc import Callable, Iterator
from datetime import datetime
from time import monotonic

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from ingestd.store.database import Database
from ingestd.store.retention import batches, deliveries, entries, events, histories, raw_bytes, records, search_merges
from ingestd.store.retention.batches import Deleted, Deletion, Position
from ingestd.store.retention.limits import Limits, before
from ingestd.store.retention.raw_bytes import DeleteBodies
from ingestd.store.schema.tables import installation


async def keeps_all(connection: AsyncConnection) -> bool:
    """Return whether a database is older than retention: then only limits that the operator set delete anything."""
    return bool((await connection.execute(select(installation.c.keeps_all))).scalar())


def deletions(limits: Limits, *, now: datetime, delete_bodies: DeleteBodies) -> Iterator[Deletion]:
    """Yield the deletions for the kinds of data that have a limit; what refers to other rows comes before them."""
    if (oldest := before(now, limits.polls)) is not None:
        yield histories.of_polls(oldest)
        yield histories.of_decisions(oldest)
    if (oldest := before(now, limits.failures)) is not None:
        yield histories.of_failures(oldest)
        yield deliveries.of_attempts(oldest)
        yield deliveries.of_dead_messages(oldest)
    if (oldest := before(now, limits.events)) is not None:
        yield events.of_events(oldest)
    kept = {name: before(now, seconds) for name, seconds in limits.records_of.items()}
    if limits.records is not None or any(kept.values()):
        yield records.of_records(before(now, limits.records), kept)
    times = [before(now, limits.records), *kept.values()]
    if all(times):
        yield histories.of_gaps(min(time for time in times if time))
    if limits.revisions is not None:
        oldest = before(now, 0 if limits.revisions == "current" else limits.revisions)
        yield records.of_revisions(oldest or now)
    if (oldest := before(now, limits.entries)) is not None:
        yield entries.of_entries(oldest)
    if (oldest := before(now, limits.feed_documents)) is not None:
        yield raw_bytes.of_raws("feed", min(oldest, now - raw_bytes.LEAST_KEPT), delete_bodies)
    if (oldest := before(now, limits.pages)) is not None:
        yield raw_bytes.of_raws("page", min(oldest, now - raw_bytes.LEAST_KEPT), delete_bodies)


class Rounds:
    """Where the deletions of a process go on, so that rows that have to stay are read once a round and not each time.

    A round begins anew once a day: a row that had to stay, for a claim or a feed that listed it, may go by then.
    """

    def __init__(self) -> None:
        self._positions: dict[str, Position | None] = {}
        self._began = monotonic()

    def after(self, table: str) -> Position | None:
        """Return from where on rows of a table have not been looked at; None: from the start."""
        if monotonic() - self._began > _ROUND:
            self._positions, self._began = {}, monotonic()
        return self._positions.get(table)

    def note(self, table: str, position: Position | None) -> None:
        """Note up to where rows of a table have been looked at."""
        self._positions[table] = position


#: Seconds of a round.
_ROUND = 86_400.0


async def prune(
    database: Database,
    limits: Limits,
    *,
    now: datetime,
    delete_bodies: DeleteBodies,
    dry_run: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    rounds: "Rounds | None" = None,
) -> list[Deleted]:
    """Delete what is older than its limit, in short transactions; return what each deletion did or would do.

    Raises StoreUnavailable, StoreError or ArchiveError; what is left is deleted by the next call.
    """
    done = []
    for deletion in deletions(limits, now=now, delete_bodies=delete_bodies):
        if stopping():
            break
        after = rounds.after(deletion.table) if rounds else None
        done.append(await batches.run(database, deletion, after=after, dry_run=dry_run, stopping=stopping))
        if rounds:
            rounds.note(deletion.table, done[-1].position)
        if deletion.table == "records" and done[-1].rows and not dry_run:
            merged = await search_merges.merge(database, removed=done[-1].rows, stopping=stopping)
            done[-1].longest = max(done[-1].longest, merged.longest)
            done[-1].batches, done[-1].slow = done[-1].batches + merged.batches, done[-1].slow + merged.slow
    return done
