"""Article pages, as bytes."""

from dataclasses import dataclass

from ingestd.model.feed import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringBlocks:
    """Hashes of the blocks that recur in a site's articles (`articles.body.recurring_blocks.block_hash`)."""

    #: Blocks of any kind.
    lines: frozenset[int] = frozenset()
    #: Prose: blocks that end a sentence.
    prose: frozenset[int] = frozenset()


NO_RECURRING_BLOCKS = RecurringBlocks()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The page of an article, as bytes, with its entry in the feed."""

    #: After redirects.
    url: str
    body: bytes
    #: The Content-Type header as sent.
    content_type: str | None = None
    #: The entry that links to the page: a witness for headline, time and author.
    entry: Entry | None = None
    #: Whether `body` is the entry's own content, an HTML fragment, and not a page.
    fragment: bool = False
    #: Blocks that recur in the site's articles.
    recurring_blocks: RecurringBlocks = NO_RECURRING_BLOCKS
