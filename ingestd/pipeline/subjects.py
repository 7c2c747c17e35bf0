"""Subjects of documents in the archive: names by which an erasure finds every document that may hold an item."""

from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from ingestd.urls import site
from ingestd.workers.results import ParsedFeed


def of_item(source_id: int, guid: str) -> str:
    """Return the subject of documents about one item: its page, its own text, documents with its wire versions."""
    return f"item {source_id} {guid}"


def of_source(source_id: int) -> str:
    """Return the subject of the feed documents of a source: each of its items may be in any of them."""
    return f"source {source_id}"


def of_site(name: str) -> str:
    """Return the subject of sitemaps and other lists with pages of a site."""
    return f"site {name}"


def of_document(source_id: int, parsed: ParsedFeed) -> list[str]:
    """Return the subjects of a source's document: the items of a wire document, otherwise the source.

    Feeds repeat their items in each document, and are kept for days; wire documents have few, and are kept for months.
    """
    if any(parsed.versions):
        return [of_item(source_id, entry.guid) for entry in parsed.feed.entries]
    return [of_source(source_id)]


def of_list(links: Iterable[str | None]) -> list[str]:
    """Return the subjects of a list of pages that belongs to no source."""
    return [of_site(name) for name in {site(link) for link in links if link}]


def of_lists_with(urls: Collection[str]) -> list[str]:
    """Return the subjects of lists with some pages, also of lists that were archived by an earlier release.

    The site of a host is one of the domains it is in; which one, changes with the list of public suffixes.
    """
    names = {site(url) for url in urls}
    for url in urls:
        labels = (urlsplit(url).hostname or "").rstrip(".").split(".")
        names.update(".".join(labels[start:]) for start in range(len(labels)))
    return sorted(map(of_site, names))
