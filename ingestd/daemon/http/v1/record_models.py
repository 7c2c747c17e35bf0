"""What records are as JSON, for the description: made of the fields that `renderers.record_json` writes."""

from typing import Any, get_type_hints

from typing_extensions import TypedDict

from ingestd.model.article import Article
from ingestd.model.item import Item
from ingestd.model.record import Record
from ingestd.model.story import Copy

_HINTS: dict[str, Any] = {
    **{name: hint for name, hint in get_type_hints(Record).items() if name not in ("article", "item", "copy")},
    **get_type_hints(Copy),
    **get_type_hints(Item),
    **{name: hint for name, hint in get_type_hints(Article).items() if name not in Item.__slots__},
    "contributors": get_type_hints(Item)["authors"],
    "authors": tuple[str, ...],
    "id_origin": str,
}

#: A record with all fields.  A function makes it, so that a field that is added to a record is described at once.
RecordAnswer: Any = TypedDict("Record", _HINTS)  # type: ignore[misc]
