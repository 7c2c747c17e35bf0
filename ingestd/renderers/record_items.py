"""Convert records to items, so that web pages and wire items are rendered alike."""

from dataclasses import replace
from typing import Any

from ingestd.model.article import Article
from ingestd.model.item import AltId, Association, Author, Headline, Item, PubStatus, Rendition
from ingestd.model.message import Message
from ingestd.model.record import Record


def item_of_record(record: Record) -> Item:
    """Return a record's current revision as an item, with the record's status.

    A wire item keeps its guid and version.  A page gets the record's guid, the revision number as its version, and its
    URL as an alternative identifier with the role "canonical".
    """
    article = record.article
    item = record.item or Item(guid=record.guid)
    values = _page_values(record) if record.id_origin == "assigned" else {}
    if record.pubstatus != item.pubstatus:
        # The agency's word is of a version that was killed, withheld or released since.
        values["pubstatus_raw"] = record.pubstatus
    values |= {
        "guid": record.guid,
        "versioncreated": article.versioncreated or item.versioncreated or record.seen_at,
        "firstcreated": article.firstcreated or item.firstcreated,
        "pubstatus": record.pubstatus,
        "headline": article.headline,
        "description_text": article.description_text,
        "body_text": article.body_text or None,
        "body_html": article.body_html or None,
        "byline": article.byline,
        "dateline": article.dateline,
        "language": article.language,
        "source": article.source,
        "usageterms": article.usageterms,
    }
    return replace(item, **values)


def item_of_message(message: Message) -> Item:
    """Return the record of a message as an item.

    A record that may not be shown is an item without content, whose status tells what to do with the versions sent
    before: `canceled` for one that was killed, purged, or merged into another record, `withheld` for one that must not
    be published at present.
    """
    if message.record is not None:
        return item_of_record(message.record)
    event = message.event
    status: PubStatus = "withheld" if event.pubstatus == "withheld" else "canceled"
    other = (AltId(value=event.merged_into, role="merged-into"),) if event.merged_into else ()
    return Item(guid=event.guid, pubstatus=status, pubstatus_raw=status, versioncreated=event.at, altids=other)


def _page_values(record: Record) -> dict[str, Any]:
    """Return values of the item of a page, which override those of its feed."""
    article = record.article
    return {
        "id_origin": "source",
        "version": str(record.revision),
        "type": "text",
        "pubstatus_raw": None,
        "headlines": (Headline(text=article.headline),) if article.headline else (),
        "authors": tuple(Author(name=name) for name in article.authors),
        "associations": _pictures(article),
        "altids": (AltId(value=article.uri, role="canonical"),) if article.uri else (),
    }


def _pictures(article: Article) -> tuple[Association, ...]:
    return tuple(
        Association(
            name=f"picture-{number}",
            guid=image.href,
            type="picture",
            caption=image.caption,
            creditline=image.credit,
            renditions=(Rendition(name="main", href=image.href),),
        )
        for number, image in enumerate(article.associations, 1)
    )
