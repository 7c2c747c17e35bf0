"""Which backfills there are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingestd.backfill.archive import list_archive
from ingestd.backfill.files import SavedPages, list_files
from ingestd.backfill.urls import list_urls
from ingestd.pipeline.ingest import Fetch
from ingestd.pipeline.listings.documents import DocumentReader
from ingestd.pipeline.listings.listing import Listing, ListingTask
from ingestd.pipeline.listings.sitemap import list_sitemap


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A line of the table."""

    name: str
    listing: Listing
    #: Returns what gets an entry's page where that is not what its link leads to.
    fetch: Callable[[DocumentReader, ListingTask], Fetch | None] = lambda _documents, _task: None


def _saved_pages(documents: DocumentReader, task: ListingTask) -> Fetch:
    return SavedPages(Path(task.argument), task.options.get("base"), documents)


#: In the order in which they are shown.
KINDS = (
    Kind(name="archive", listing=list_archive),
    Kind(name="sitemap", listing=list_sitemap),
    Kind(name="urls", listing=list_urls),
    Kind(name="files", listing=list_files, fetch=_saved_pages),
)


def kind_named(name: str) -> Kind:
    """Return a kind by the name that a row has; raises KeyError."""
    return {kind.name: kind for kind in KINDS}[name]
