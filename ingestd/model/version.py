"""A version of a wire item, ready to be kept."""

from dataclasses import dataclass

from ingestd.model.article import Article
from ingestd.model.item import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of a wire item: as it was sent, and as what it says is compared, searched and shown."""

    item: Item
    #: Its text is empty where none was sent: kills and pictures have none.
    article: Article
    #: sha256, in hexadecimal: of the normalised text, and of all that the item says.
    content_hash: str
    item_hash: str
    #: The name of the format it came in, as in `formats.FORMATS`.
    format: str
