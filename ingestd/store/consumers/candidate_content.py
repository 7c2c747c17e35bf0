"""What filters see of the content of a revision."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Row

from ingestd.errors import UnreadableContent
from ingestd.model.item import Item
from ingestd.store.records.content import content_of
from ingestd.store.records.records import item_of
from ingestd.text import fold


def fields_of_content(row: Row[Any], traced: Iterable[str | None] = ()) -> Mapping[str, Any]:
    """Return the fields of a candidate that are in a revision's content; empty, so unknown, if it is damaged.

    `traced` are codes of agencies besides those that the revision names.
    """
    try:
        content, item = content_of(row), item_of(row)
    except UnreadableContent:
        return {}
    return {
        "text": content["body_text"],
        "subjects": item.subject if item else (),
        "agencies": agency_names(_issuers(content, item), traced),
    }


def agency_names(*names: Iterable[str | None]) -> frozenset[str]:
    """Return names of agencies with the codes and names that the table of agencies has for them, case-folded."""
    return frozenset(fold(one) for some in names for name in some if name for one in (name, *_other_names(name)))


def _issuers(content: Mapping[str, Any], item: Item | None) -> Iterator[str | None]:
    """Yield the codes and names of the agencies that issued a text: those that it is filed by."""
    for one in content["agencies"]:
        if one.get("role") == "origin":
            yield from (one["code"], one["name"])
    if item and item.provider:
        yield from (item.provider.name, item.provider.code)


def _other_names(agency: str) -> tuple[str, ...]:
    from ingestd.articles.agencies.table import row_of  # noqa: PLC0415 - parsing the table takes 20 ms

    row = row_of(agency)
    return (row.code, row.name) if row else ()
