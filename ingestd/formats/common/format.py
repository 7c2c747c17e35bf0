"""What a module of this folder offers: one format of feeds or wire items."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestd.formats.common.document import Document
from ingestd.model.feed import Feed


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how to tell it from the others, and how to read it."""

    name: str
    #: Whether a document is of this format; it never raises.
    recognises: Callable[[Document], bool]
    #: From the document, its URL and the Content-Type header; raises ParseError.
    parse: Callable[[Document, str, str | None], Feed]
