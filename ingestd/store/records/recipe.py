"""A recipe: what the article of a revision was made of, and by what; enough to make it again."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a revision's article was made of, and by what; its fields are columns of `revisions`."""

    #: The entry that led to the page: a witness.
    entry_id: int
    #: The name of the bytes in the archive; None where they were not kept.
    raw: str | None
    #: Whether they are the entry's own content and not a page.
    fragment: bool
    #: Where they were found, redirects followed, and their Content-Type header; None where that was not kept.
    page_url: str | None
    content_type: str | None
    #: The extractor in words, and the digest of its rules; None where that was not kept.
    extractor: str
    rules: str | None
