"""Results that workers return.  The daemon's process imports this module, so it must not import parsers."""

from dataclasses import dataclass

from ingestd.model.article import Article
from ingestd.model.feed import Feed
from ingestd.model.version import Version
from ingestd.policy.articles.index_entry import IndexEntry
from ingestd.workers.extractor import Extractor


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed with the fingerprint of each entry, in order; `policy.polling.novelty` compares them."""

    feed: Feed
    fingerprints: tuple[str, ...]
    #: For each entry, in order, its wire version; None for entries whose article is on a page.  That of an entry whose
    #: text is by reference is not the whole one, and must not be stored.
    versions: tuple[Version | None, ...]
    #: For each entry, in order, the hash of the item it was read from, or None; empty: nothing was read from items that
    #: may be known again (`formats.syndication.item_slices`).
    item_hashes: tuple[bytes | None, ...] = ()
    #: The hashes of items that are known and were not read, in document order.
    skipped: tuple[bytes, ...] = ()

    @property
    def listed(self) -> int:
        """Number of entries in the document."""
        return len(self.feed.entries) + len(self.skipped)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractedArticle:
    """An extracted article, with the hashes of its text (SHA-256, in hexadecimal) and the extractor."""

    article: Article
    content_hash: str
    extractor: Extractor
    #: The hash of its text including the blocks that recur on its site, and the hashes of that text's blocks.
    whole_hash: str
    block_hashes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedArticle:
    """An extracted article with its entry of the full-text index, its page, compressed, and the sketch of its text."""

    extracted: ExtractedArticle
    #: None: it was not asked for.
    index: IndexEntry | None = None
    #: The page's body as a frame of zstd.  None: it was not asked for.
    frame: bytes | None = None
    #: As `likeness.packed_sketch` packs it.  None: it was not asked for.
    sketch: bytes | None = None
