"""Differences between an article and the same article extracted by other rules."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from difflib import unified_diff

from ingestd.model.article import Article, Image
from ingestd.model.item import Item
from ingestd.model.item_json import item_as_json
from ingestd.times import iso

#: Fields that are not compared: `uri` is the record's identity and does not change; `provenance` matters only
#: where the value differs too.
NOT_COMPARED = frozenset({"uri", "provenance"})

_ARTICLE_FIELDS = frozenset(field.name for field in fields(Article))

#: Fields without a line in a diff: the paragraphs are listed as text, not as markup.
_NOT_LISTED = NOT_COMPARED | {"body_text", "body_html"}


def changed_fields(old: Article, new: Article) -> tuple[str, ...]:
    """Return the names of the fields that differ, in the order of `Article`; absent and empty are equal."""
    names = (field.name for field in fields(Article) if field.name not in NOT_COMPARED)
    return tuple(name for name in names if (getattr(old, name) or None) != (getattr(new, name) or None))


def diff(old: Article, new: Article, old_item: Item | None = None, new_item: Item | None = None) -> tuple[str, ...]:
    """Return the lines of a unified diff of two articles, without its header: one for each field, then paragraph.

    With wire items, their other fields come first, without notes that are not public.
    """
    old_lines = [*_item_lines(old_item), *_article_lines(old)]
    new_lines = [*_item_lines(new_item), *_article_lines(new)]
    return tuple(unified_diff(old_lines, new_lines, n=1, lineterm=""))[2:]


def _item_lines(item: Item | None) -> Iterator[str]:
    """Yield a line for each field of an item that articles do not have."""
    for name, value in (item_as_json(item) if item else {}).items():
        values = value if isinstance(value, list) else [value]
        shown = [_plain(one) for one in values if not (isinstance(one, dict) and one.get("public") is False)]
        if name not in _ARTICLE_FIELDS and shown:
            yield f"{name}: {'; '.join(shown)}"


def _plain(value: object) -> str:
    return ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _article_lines(article: Article) -> Iterator[str]:
    for field in fields(Article):
        value = getattr(article, field.name)
        if field.name not in _NOT_LISTED and value:
            yield f"{field.name}: {_shown(value)}"
    yield from article.body_text.split("\n\n")


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return iso(value) or ""
    if isinstance(value, Image):
        return " — ".join(filter(None, (value.href, value.caption, value.credit)))
    return ", ".join(map(_shown, value)) if isinstance(value, tuple) else str(value)
