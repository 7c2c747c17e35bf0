"""The content of a wire item's revision: a kill, or a withheld version without text, keeps the stored text."""

from dataclasses import dataclass, replace

from ingestd.model.article import Article
from ingestd.model.item import EdNote, Item
from ingestd.model.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionContent:
    """The content of a revision and the hash of its text."""

    article: Article
    content_hash: str
    item: Item


def may_keep_text(version: Version) -> bool:
    """Return whether the revision of a version may keep the text of the current revision."""
    return version.item.pubstatus == "canceled" or not version.article.body_text


def revision_content(version: Version, before: Article | None, before_hash: str | None) -> RevisionContent:
    """Return the content of a version's revision.

    `before` is the article of the current revision, `before_hash` the hash of its text; both are None for a new
    record and for a version that arrives late.  The own text of a kill becomes a note to editors with the role "kill".
    """
    item, own = version.item, version.article
    if before is None or before_hash is None or not may_keep_text(version):
        return RevisionContent(article=own, content_hash=version.content_hash, item=item)
    if item.pubstatus == "canceled":
        article = replace(before, versioncreated=own.versioncreated)
        return RevisionContent(article=article, content_hash=before_hash, item=_with_kill_note(item, own, before))
    if item.pubstatus == "withheld":
        article = replace(own, body_text=before.body_text, body_html=before.body_html)
        return RevisionContent(article=article, content_hash=before_hash, item=item)
    return RevisionContent(article=own, content_hash=version.content_hash, item=item)


def _with_kill_note(kill: Item, own: Article, before: Article) -> Item:
    text = "\n\n".join(filter(None, (own.headline, own.body_text)))
    if not text or own.body_text == before.body_text:
        return kill
    return replace(kill, headline=None, headlines=(), ednotes=(*kill.ednotes, EdNote(text=text, role="kill")))
