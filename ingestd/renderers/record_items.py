"""Records as items: of web pages and of wires alike, so that both are shown and written in the same words."""

from dataclasses import replace

from ingestd.model.article import Article
from ingestd.model.item import AltId, Association, Author, Headline, Item, Rendition
from ingestd.model.record import Record


def item_of_record(record: Record) -> Item:
    """Return a record's current revision as an item, with the status of its record.

    What an agency sent keeps its guid and version.  A page has ours and the number of the revision; its address is
    another identifier, of role "canonical".
    """
    article = record.article
    item = record.item or Item(guid=record.guid)
    if record.id_origin == "assigned":
        item = _of_page(record, item)
    return replace(
        item,
        guid=record.guid,
        versioncreated=article.versioncreated or item.versioncreated or record.seen_at,
        firstcreated=article.firstcreated or item.firstcreated,
        pubstatus=record.pubstatus,
        headline=article.headline,
        description_text=article.description_text,
        body_text=article.body_text or None,
        body_html=article.body_html or None,
        byline=article.byline,
        dateline=article.dateline,
        language=article.language,
        source=article.source,
        usageterms=article.usageterms,
    )


def _of_page(record: Record, item: Item) -> Item:
    """Return what a page's feed said of it as an item, with what the page says where that goes before."""
    article = record.article
    return replace(
        item,
        id_origin="source",
        version=str(record.revision),
        type="text",
        pubstatus_raw=None,
        headlines=(Headline(text=article.headline),) if article.headline else (),
        authors=tuple(Author(name=name) for name in article.authors),
        associations=_pictures(article),
        altids=(AltId(value=article.uri, role="canonical"),) if article.uri else (),
    )


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
