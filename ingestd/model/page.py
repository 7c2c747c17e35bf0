"""An article's page, as bytes."""

from dataclasses import dataclass

from ingestd.model.feed import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Furniture:
    """What a site's articles have in common, as marks: of lines, and of prose, which is what ends a sentence."""

    lines: frozenset[int] = frozenset()
    prose: frozenset[int] = frozenset()


NO_FURNITURE = Furniture()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An article's page as bytes, with what its feed said of it."""

    url: str
    body: bytes
    #: The Content-Type header as sent.
    content_type: str | None = None
    #: The entry that led here: a witness for headline, time and author.
    entry: Entry | None = None
    #: Whether `body` is the entry's own content: a fragment without a page around it.
    fragment: bool = False
    #: What is known of its site.
    furniture: Furniture = NO_FURNITURE
