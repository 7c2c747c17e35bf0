"""What the worker processes hand back; small modules only, because the event loop's process imports them."""

from dataclasses import dataclass

from ingestd.model.article import Article
from ingestd.model.feed import Feed
from ingestd.model.version import Version
from ingestd.workers.extractor import Extractor


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed, and for each of its entries, in order, the fingerprint to compare it by."""

    feed: Feed
    fingerprints: tuple[str, ...]
    #: Entry by entry, the version of an item that it is; None for what is made of a page.
    versions: tuple[Version | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """An article, the hash of its text (sha256, hexadecimal), and which extractor made it."""

    article: Article
    content_hash: str
    extractor: Extractor
    #: The hash of its text with the site's furniture, and the marks of that text's blocks.
    whole_hash: str
    block_hashes: tuple[int, ...]
