"""Versions of wire items, ready to be stored."""

from dataclasses import dataclass

from ingestd.model.article import Article
from ingestd.model.item import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a wire item, with the article made from it for comparison, search and display."""

    #: As the agency sent it.
    item: Item
    #: Its text is empty if none was sent, as for kills and pictures.
    article: Article
    #: SHA-256 of the normalised text, in hexadecimal.
    content_hash: str
    #: SHA-256 of all fields of the item, in hexadecimal.
    item_hash: str
    #: The name of its format, as in `formats.FORMATS`.
    format: str
