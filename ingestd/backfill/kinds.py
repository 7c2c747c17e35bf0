"""The table of backfill kinds."""

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
    """One kind of backfill."""

    name: str
    listing: Listing
    #: Returns the function that gets an entry's page.  None: the page is fetched from the entry's link.
    fetch: Callable[[DocumentReader, ListingTask], Fetch | None] = lambda _reader, _task: None


def _saved_pages(reader: DocumentReader, task: ListingTask) -> Fetch:
    return SavedPages(Path(task.argument), task.options.get("base"), reader)


#: In the order in which the command line shows them.
KINDS = (
    Kind(name="archive", listing=list_archive),
    Kind(name="sitemap", listing=list_sitemap),
    Kind(name="urls", listing=list_urls),
    Kind(name="files", listing=list_files, fetch=_saved_pages),
)


def kind_named(name: str) -> Kind:
    """Return the kind with a name, as stored in the database; raises KeyError."""
    return {kind.name: kind for kind in KINDS}[name]
