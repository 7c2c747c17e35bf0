"""Wire items as versions to be kept: their text made plain, what they say hashed."""

import json
import re
from dataclasses import replace
from hashlib import sha256

from ingestd.articles.body.sanitise import sanitise
from ingestd.formats.common.item_body import paragraphs_as_markup
from ingestd.likeness.content_hash import content_hash
from ingestd.model.article import Article
from ingestd.model.item import Item
from ingestd.model.item_json import item_as_json
from ingestd.model.markup import block_texts, parse_fragment
from ingestd.model.version import Version

_TOP_HEADING = re.compile(r"(</?)h1\b", re.IGNORECASE)


def version_of(item: Item, name: str) -> Version:
    """Return an item, in the format of that name, as a version."""
    article = _article(item)
    said = json.dumps(item_as_json(replace(item, warnings=())), sort_keys=True)
    return Version(
        item=item,
        article=article,
        content_hash=content_hash(article.body_text, headline=article.headline),
        item_hash=sha256(said.encode("utf-8", "replace")).hexdigest(),
        format=name,
    )


def _article(item: Item) -> Article:
    """Return what an item says as an article: nothing is taken for furniture, an agency sends none."""
    # A heading of the first rank is the page's own; within a text it is one of the second.
    markup = sanitise(_TOP_HEADING.sub(r"\1h2", item.body_html)) if item.body_html else ""
    text = item.body_text or "\n\n".join(block_texts(parse_fragment(markup)) if markup else ())
    return Article(
        headline=item.headline,
        body_text=text,
        body_html=markup or paragraphs_as_markup(text.split("\n\n")) or "",
        description_text=item.description_text,
        byline=item.byline,
        authors=tuple(dict.fromkeys(author.name for author in item.authors)),
        firstcreated=item.firstcreated,
        versioncreated=item.versioncreated,
        date_precision="minute" if item.versioncreated or item.firstcreated else None,
        language=item.language,
        dateline=item.dateline,
        source=item.source,
        usageterms=item.usageterms,
    )
