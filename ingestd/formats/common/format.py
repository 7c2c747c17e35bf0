"""The interface of a format."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestd.formats.common.document import Document
from ingestd.model.feed import Feed


@dataclass(frozen=True, slots=True)
class Format:
    """A feed or wire format: its name, its detector and its parser."""

    name: str
    #: Whether a document is in this format; never raises.
    recognises: Callable[[Document], bool]
    #: Parses a document, given its URL and its Content-Type header; raises ParseError.
    parse: Callable[[Document, str, str | None], Feed]
