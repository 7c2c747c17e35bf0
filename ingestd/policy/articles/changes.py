"""What differs between an article and the same article made by other rules."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from difflib import unified_diff

from ingestd.model.article import Article, Image
from ingestd.model.item import Item
from ingestd.model.item_json import item_as_json
from ingestd.times import iso

#: Not compared: a record's address is its identity and stays; who was believed is told where the value differs.
LEFT_OUT = frozenset({"uri", "provenance"})

_OF_ARTICLES = frozenset(field.name for field in fields(Article))

#: Told by its text alone: the same paragraphs as markup.
_TOLD_ELSEWHERE = LEFT_OUT | {"body_text", "body_html"}


def changed_fields(old: Article, new: Article) -> tuple[str, ...]:
    """Return the names of the fields that differ, in their order; absent and empty are the same."""
    names = (field.name for field in fields(Article) if field.name not in LEFT_OUT)
    return tuple(name for name in names if (getattr(old, name) or None) != (getattr(new, name) or None))


def diff(old: Article, new: Article, old_item: Item | None = None, new_item: Item | None = None) -> tuple[str, ...]:
    """Return the lines of a unified diff of two articles, without its head: a line a field, then a line a paragraph.

    Of wire items, all that they say besides as well, but for notes that are for the desk alone.
    """
    lines = unified_diff([*_said(old_item), *_lines(old)], [*_said(new_item), *_lines(new)], n=1, lineterm="")
    return tuple(lines)[2:]


def _said(item: Item | None) -> Iterator[str]:
    """Yield a line for each field of an item that articles do not have."""
    values = item_as_json(item) if item else {}
    for name, value in values.items():
        some = value if isinstance(value, list) else [value]
        shown = [_plain(one) for one in some if not (isinstance(one, dict) and one.get("public") is False)]
        if name not in _OF_ARTICLES and shown:
            yield f"{name}: {'; '.join(shown)}"


def _plain(value: object) -> str:
    return ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _lines(article: Article) -> Iterator[str]:
    for field in fields(Article):
        value = getattr(article, field.name)
        if field.name not in _TOLD_ELSEWHERE and value:
            yield f"{field.name}: {_shown(value)}"
    yield from article.body_text.split("\n\n")


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return iso(value) or ""
    if isinstance(value, Image):
        return " — ".join(filter(None, (value.href, value.caption, value.credit)))
    return ", ".join(map(_shown, value)) if isinstance(value, tuple) else str(value)
