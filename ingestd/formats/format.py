"""What a module of this folder offers: one format of feeds."""

from collections.abc import Callable
from dataclasses import dataclass

from ingestd.model import Feed


@dataclass(frozen=True, slots=True)
class Format:
    """One format: how to tell it from the others, and how to read it."""

    name: str
    #: Whether a body, not empty and no longer gzipped, is of this format; it never raises.
    recognises: Callable[[bytes], bool]
    #: From the body, its URL and the Content-Type header; raises ParseError.
    parse: Callable[[bytes, str, str | None], Feed]
