"""Leave out the content of records that may not be shown: those that are withheld, embargoed or killed.

What stays says which record it is and what happened to it: guid, version, status, times, language, urgency, sources.
What goes is everything written by the publisher, and every URL: its path often spells the headline.
"""

from dataclasses import replace

from ingestd.model.article import Article
from ingestd.model.item import Item, PubStatus
from ingestd.model.record import Record


def may_be_shown(*statuses: PubStatus) -> bool:
    """Return whether content with these statuses (of its record, of its revision) may be shown without being asked."""
    return all(status == "usable" for status in statuses)


def redacted(record: Record) -> Record:
    """Return a record without its content."""
    return replace(
        record,
        article=_redacted_article(record.article),
        item=record.item and redacted_item(record.item),
        carriers=tuple(replace(carrier, url=None) for carrier in record.carriers),
        evidence=tuple(replace(one, url=None, words="") for one in record.evidence),
    )


def _redacted_article(article: Article) -> Article:
    return Article(
        headline=None,
        body_text="",
        firstcreated=article.firstcreated,
        versioncreated=article.versioncreated,
        date_precision=article.date_precision,
        language=article.language,
    )


def redacted_item(item: Item) -> Item:
    """Return a wire item without its content."""
    return Item(
        guid=item.guid,
        id_origin=item.id_origin,
        version=item.version,
        versioncreated=item.versioncreated,
        firstcreated=item.firstcreated,
        type=item.type,
        pubstatus=item.pubstatus,
        pubstatus_raw=item.pubstatus_raw,
        is_correction=item.is_correction,
        embargoed=item.embargoed,
        expires=item.expires,
        language=item.language,
        urgency=item.urgency,
        priority=item.priority,
    )
