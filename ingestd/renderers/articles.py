"""Records of web pages as items, so that both are written alike."""

from collections.abc import Mapping

from ingestd.items import Association, Author, Headline, Item, PubStatus, Rendition
from ingestd.model import Article, Record

_STATUSES: Mapping[str, PubStatus] = {"withheld": "withheld", "canceled": "canceled"}


def item_of_record(record: Record) -> Item:
    """Return a record's current revision as an item; its guid is the record's, its version the revision."""
    article = record.article
    return Item(
        guid=record.guid,
        version=str(record.revision),
        versioncreated=article.versioncreated or record.seen_at,
        firstcreated=article.firstcreated,
        type="text",
        pubstatus=_STATUSES.get(record.pubstatus, "usable"),
        pubstatus_raw=record.pubstatus,
        headline=article.headline,
        headlines=(Headline(text=article.headline),) if article.headline else (),
        description_text=article.description_text,
        body_text=article.body_text,
        body_html=article.body_html or None,
        byline=article.byline,
        authors=tuple(Author(name=name) for name in article.authors),
        dateline=article.dateline,
        language=article.language,
        source=article.source,
        usageterms=article.usageterms,
        associations=_pictures(article),
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
