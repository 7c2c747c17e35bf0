"""Make a wire item's version for the database: the item with its article and its hashes."""

import json
import re
from dataclasses import replace
from hashlib import sha256

from ingestd.articles.body.sanitise import sanitise
from ingestd.dates.stated_time import DatePrecision
from ingestd.formats.common.item_body import paragraphs_as_markup, text_of_markup
from ingestd.likeness.content_hash import content_hash
from ingestd.model.article import Article
from ingestd.model.item import Item
from ingestd.model.item_json import item_as_json
from ingestd.model.version import Version
from ingestd.text import clean

_TOP_HEADING = re.compile(r"(</?)h1\b", re.IGNORECASE)


def version_of(item: Item, name: str) -> Version:
    """Return the version of an item that was read in the format named `name`."""
    article = _article(item)
    content = json.dumps(item_as_json(_content(item)), sort_keys=True)
    return Version(
        item=item,
        article=article,
        content_hash=content_hash(article.body_text, headline=article.headline),
        item_hash=sha256(content.encode("utf-8", "replace")).hexdigest(),
        format=name,
    )


def _content(item: Item) -> Item:
    """Return an item without what is not its content: how it was read."""
    return replace(item, warnings=(), versioncreated_precision=None, firstcreated_precision=None, utc_offset=None)


def _precision(item: Item) -> DatePrecision | None:
    if item.firstcreated:
        return item.firstcreated_precision or "minute"
    return (item.versioncreated_precision or "minute") if item.versioncreated else None


def _article(item: Item) -> Article:
    """Return an item's article; nothing is removed from it, since agencies send no boilerplate."""
    # h1 is reserved for a page's own heading; within a text it becomes h2.
    markup = clean(sanitise(_TOP_HEADING.sub(r"\1h2", item.body_html))) if item.body_html else ""
    text = item.body_text or (text_of_markup(markup) if markup else None) or ""
    return Article(
        headline=item.headline,
        body_text=text,
        body_html=markup or paragraphs_as_markup(text.split("\n\n")) or "",
        description_text=item.description_text,
        byline=item.byline,
        authors=tuple(dict.fromkeys(author.name for author in item.authors)),
        firstcreated=item.firstcreated,
        versioncreated=item.versioncreated,
        date_precision=_precision(item),
        language=item.language,
        dateline=item.dateline,
        source=item.source,
        usageterms=item.usageterms,
    )
