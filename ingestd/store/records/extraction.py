"""How the article of a revision was extracted: enough to extract it again from the archive."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The bytes that a revision's article was extracted from, and the extractor.

    The fields are columns of `revisions`, by name.
    """

    #: The entry that led to the page; its announcement is a witness.
    entry_id: int
    #: SHA-256 of the raw bytes in the archive; None: not archived.
    raw: str | None
    #: Whether the bytes are the entry's own content, not a page.
    fragment: bool
    #: URL of the bytes after redirects, and their Content-Type header; None: not stored.
    page_url: str | None
    content_type: str | None
    #: The extractor's name and version, and the digest of its rules; None: not stored.
    extractor: str
    rules: str | None
