"""Delete what is older than the settings keep it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from ingestd.archive.protocol import Archive, Kind
from ingestd.settings import Settings
from ingestd.store.database import Database
from ingestd.store.retention import batches, caches, prune, stories
from ingestd.store.retention.batches import Deleted
from ingestd.store.retention.limits import Limits, before
from ingestd.store.retention.prune import Rounds
from ingestd.store.retention.raw_bytes import LAST_PUT_BEFORE, LEAST_KEPT

#: How long the learned boilerplate of a site is kept after its last article: by then its pages may look different.
SITE_RETENTION = timedelta(days=90)

#: How long it is kept when a site may be asked again, and how it fails: its robots.txt is read again after a day.
MANNERS_RETENTION = timedelta(days=7)


def limits_of(settings: Settings, *, keeps_all: bool) -> Limits:
    """Return the limits that the settings set.

    `keeps_all`: the database is older than retention, so a default limits nothing but what always had a limit.
    """
    chosen = settings.model_fields_set if keeps_all else set(type(settings).model_fields)

    def limit(name: str, otherwise: float | None = None) -> float | None:
        value: float | None = getattr(settings, name) if name in chosen else otherwise
        return value

    revisions = settings.keep_revisions
    return Limits(
        polls=settings.keep_polls,
        failures=limit("keep_failures", settings.keep_polls),
        entries=limit("keep_entries"),
        feed_documents=limit("keep_feed_documents"),
        pages=limit("keep_pages"),
        events=limit("keep_events"),
        revisions=None if revisions == "all" else revisions,
        records=settings.keep_records,
        records_of=dict(settings.keep_records_of),
    )


async def prune_database(
    database: Database,
    archive: Archive,
    settings: Settings,
    *,
    now: datetime,
    dry_run: bool = False,
    stopping: Callable[[], bool] = lambda: False,
    rounds: Rounds | None = None,
) -> list[Deleted]:
    """Delete what is older than the settings keep it; return what each deletion did, or in a dry run would do.

    Raises StoreUnavailable, StoreError or ArchiveError.
    """
    async with database.read() as connection:
        limits = limits_of(settings, keeps_all=await prune.keeps_all(connection))

    async def delete_bodies(names: Sequence[str]) -> None:
        await archive.delete(names, put_before=(now - LAST_PUT_BEFORE).date())

    done = await prune.prune(
        database, limits, now=now, delete_bodies=delete_bodies, dry_run=dry_run, stopping=stopping, rounds=rounds
    )
    for kind, seconds in _kept_in_archive(limits):
        if not dry_run and not stopping() and (oldest := before(now, seconds)) is not None:
            if kind != "refused":
                # Its row may be about to be committed, and may say the day after that of the file.
                oldest = min(oldest, now - LEAST_KEPT) - timedelta(days=1)
            await archive.delete_before(kind, oldest.date())
    return done


async def prune_caches(
    database: Database, settings: Settings, *, now: datetime, stopping: Callable[[], bool] = lambda: False
) -> list[Deleted]:
    """Delete expired robots.txt files, habits of sites without a new article for SITE_RETENTION, and old shingles.

    Also the manners at sites that nobody has asked for MANNERS_RETENTION.

    Raises StoreUnavailable or StoreError.
    """
    some = (
        caches.of_robots_files(now),
        caches.of_sites(now - SITE_RETENTION),
        caches.of_manners(now - MANNERS_RETENTION, now=now),
        stories.of_stories(now - timedelta(seconds=settings.story_window) - stories.SLACK),
    )
    return [await batches.run(database, one, stopping=stopping) for one in some]


def _kept_in_archive(limits: Limits) -> Iterator[tuple[Kind, float | None]]:
    """Yield each kind of document that is deleted by age alone, and the seconds for which it is kept.

    Feeds, pages and wire documents have rows, with which they were deleted.  What is left of them has none: a process
    died between the two, or its claim was lost.
    """
    yield "refused", limits.failures
    yield "feed", limits.feed_documents
    yield "page", limits.pages
    yield "wire", limits.pages
