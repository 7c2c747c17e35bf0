"""Article pages, as bytes."""

from dataclasses import dataclass

from ingestd.model.feed import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """Fingerprints of the lines that a site repeats on its article pages."""

    #: Fingerprints of any lines.
    lines: frozenset[int] = frozenset()
    #: Fingerprints of prose: lines that end a sentence.
    prose: frozenset[int] = frozenset()


NO_FURNITURE = Furniture()


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
    #: Lines that the site repeats on its pages.
    furniture: Furniture = NO_FURNITURE
