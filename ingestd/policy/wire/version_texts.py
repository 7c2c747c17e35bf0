"""What a revision of a wire item says: a kill leaves the text that is there, as does what is withheld without one."""

from dataclasses import dataclass, replace

from ingestd.model.article import Article
from ingestd.model.item import EdNote, Item
from ingestd.model.version import Version


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a revision says, and the hash of its text."""

    article: Article
    content_hash: str
    item: Item


def needs_the_text_before(version: Version) -> bool:
    """Say whether what a version's revision says may be what the one before said."""
    return version.item.pubstatus == "canceled" or not version.article.body_text


def said_by(version: Version, before: Article | None, before_hash: str | None) -> Said:
    """Return what the revision of a version says.

    `before` is what the current revision says, with the hash of its text; None where there is none, or where the
    version is history from the start.  What a kill itself says beside a text is a note to editors, of role "kill".
    """
    item, own = version.item, version.article
    if before is None or before_hash is None or not needs_the_text_before(version):
        return Said(article=own, content_hash=version.content_hash, item=item)
    if item.pubstatus == "canceled":
        article = replace(before, versioncreated=own.versioncreated)
        return Said(article=article, content_hash=before_hash, item=_with_its_words_as_a_note(item, own, before))
    if item.pubstatus == "withheld":
        article = replace(own, body_text=before.body_text, body_html=before.body_html)
        return Said(article=article, content_hash=before_hash, item=item)
    return Said(article=own, content_hash=version.content_hash, item=item)


def _with_its_words_as_a_note(kill: Item, own: Article, before: Article) -> Item:
    words = "\n\n".join(filter(None, (own.headline, own.body_text)))
    if not words or own.body_text == before.body_text:
        return kill
    return replace(kill, headline=None, headlines=(), ednotes=(*kill.ednotes, EdNote(text=words, role="kill")))
