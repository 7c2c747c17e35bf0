"""Jobs: the functions that workers run.

The forkserver imports this module once.  The daemon names its functions as text ("ingestd.workers.jobs:extract") and
never imports it, so that the daemon's process does not hold the parsers in memory.
"""

import os
from contextlib import suppress

# A worker uses one core.  numpy's BLAS would start one thread for each core, here in the forkserver, and a process
# with threads is not safe to fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from ingestd import articles, formats
from ingestd.articles import fragments, pages  # noqa: F401 - what reads a page is loaded now, with its digest
from ingestd.articles.body.recurring_blocks import block_hash
from ingestd.discovery.feed_links import AnnouncedLink, FoundFeed, feed_links
from ingestd.errors import ParseError
from ingestd.formats.common.gzipped import inflated
from ingestd.formats.syndication.item_slices import slices_of
from ingestd.likeness.content_hash import content_hash
from ingestd.model.feed import Entry
from ingestd.model.page import Page
from ingestd.model.text_references import is_by_reference
from ingestd.model.version import Version
from ingestd.policy.articles.full_text import carries_full_text
from ingestd.policy.polling.document_warnings import warnings_of
from ingestd.policy.polling.novelty import fingerprint
from ingestd.policy.wire.text_references import newest_by_reference, with_text_of, without_references
from ingestd.workers import extractor
from ingestd.workers.results import ExtractedArticle, ParsedFeed
from ingestd.workers.wire_version import version_of

# Computed at import: an upgrade replaces the files later, but not the rules that this process runs.
EXTRACTOR = extractor.installed_extractor()
FEED_RULES = extractor.feed_rules()


def parse_feed(body: bytes, url: str, content_type: str | None, known: frozenset[bytes] | None = None) -> ParsedFeed:
    """Parse a feed; raises ParseError.

    An entry keeps its content only if that is the full article, so that its page need not be fetched.
    Wire items become versions, those whose text is by reference without it; what is wrong with them are warnings of
    the feed.

    Items of RSS and Atom whose hashes are `known` are not read, if nothing else of the document is amiss.  None: read
    all, and return no hashes.
    """
    slices = None if known is None else slices_of(inflated(body), f"{FEED_RULES} {content_type} {url}".encode())
    if slices is None:
        return _parse_feed(body, url, content_type)
    if known and (skipped := [one for one in slices.hashes if one in known]):
        rest = tuple(one for one in slices.hashes if one not in known)
        part = None
        with suppress(ParseError):  # of the rest nothing can be read; of the whole something may
            part = _parse_feed(slices.without(known), url, content_type)
        if part and _is_plain(part, len(rest)):
            return replace(part, item_hashes=rest, skipped=tuple(filter(None, skipped)))
    parsed = _parse_feed(body, url, content_type)
    return replace(parsed, item_hashes=tuple(slices.hashes)) if _is_plain(parsed, len(slices.hashes)) else parsed


def _is_plain(parsed: ParsedFeed, items: int) -> bool:
    """Return whether each entry of a document is one of its items in their order, and depends on no other."""
    return len(parsed.feed.entries) == items and not parsed.feed.warnings and not any(parsed.versions)


def _parse_feed(body: bytes, url: str, content_type: str | None) -> ParsedFeed:
    feed = formats.parse(body, url=url, content_type=content_type)
    read = newest_by_reference(feed.entries)
    versions, fingerprints, entries = [], [], []
    for entry in read:
        version = _version(entry)
        versions.append(version)
        # Both need the text of its content: the last one is kept.
        fingerprints.append(_fingerprint(entry, version) if version else fingerprint(entry))
        entries.append(_to_keep(entry))
    feed = replace(feed, entries=read)
    warnings = warnings_of(feed, [entry.item for entry in read if entry.wire])
    return ParsedFeed(
        feed=replace(feed, entries=tuple(entries), warnings=warnings),
        fingerprints=tuple(fingerprints),
        versions=tuple(versions),
    )


def _version(entry: Entry) -> Version | None:
    return version_of(entry.item, entry.wire) if entry.item and entry.wire else None


def _fingerprint(entry: Entry, version: Version) -> str:
    if not is_by_reference(entry):
        return version.item_hash
    # The addresses of an agency's API may be other ones in each answer.
    return version_of(without_references(version.item), version.format).item_hash


def _to_keep(entry: Entry) -> Entry:
    if is_by_reference(entry):
        return entry
    if entry.wire:
        # The content is in the entry's version.
        return replace(entry, body_html=None, item=None)
    if entry.payload:
        return replace(entry, body_html=None)
    if not entry.link and not entry.body_html:
        # Without a page or content, the summary is the only text there will ever be.
        return replace(entry, body_html=escape(entry.description_text or ""))
    if entry.body_html is None or carries_full_text(entry):
        return entry
    return replace(entry, body_html=None)


def complete_item(entry: Entry, body: bytes, url: str, content_type: str | None) -> Version:
    """Return the version of an entry whose text was by reference; raises ParseError if the body has no text."""
    if entry.item is None or entry.wire is None:
        raise ParseError("the entry is no wire item")
    found = (one.item for one in formats.parse(body, url=url, content_type=content_type).entries)
    text = next((item for item in found if item and (item.body_html or item.body_text)), None)
    if text is None:
        raise ParseError("the rendition has no text")
    return version_of(with_text_of(entry.item, text), entry.wire)


def extract(page: Page) -> ExtractedArticle:
    """Extract a page's article; raises ExtractError."""
    extraction = articles.read(page)
    article = extraction.article
    if page.entry and not page.entry.link:
        article = replace(article, uri=None)
    hashed = whole = content_hash(article.body_text, headline=article.headline)
    if extraction.whole_text != article.body_text:
        whole = content_hash(extraction.whole_text, headline=article.headline)
    block_hashes = tuple(map(block_hash, extraction.whole_text.split("\n\n")))
    return ExtractedArticle(
        article=article, content_hash=hashed, extractor=EXTRACTOR, whole_hash=whole, block_hashes=block_hashes
    )


def present_extractor() -> extractor.Extractor:
    """Return the extractor of this process."""
    return EXTRACTOR


def find_feeds(
    body: bytes, url: str, content_type: str | None, announced: Sequence[AnnouncedLink] = ()
) -> tuple[FoundFeed, ...]:
    """Return the feeds that a web page, or the links that its response has announced, name."""
    return feed_links(body, url=url, content_type=content_type, announced=announced)
