"""Blocks and clues to an Article: what is common to pages and to fragments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingestd import urls
from ingestd.articles import clues, completeness, language
from ingestd.articles.agencies import detection
from ingestd.articles.body import furniture
from ingestd.articles.body.blocks import Block, to_html, to_text
from ingestd.articles.body.boilerplate import KnownFields, without_boilerplate
from ingestd.articles.body.sanitise import sanitise
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines, dateline, images, signature
from ingestd.articles.witnesses.stated_times import StatedTime, with_inferred_zone
from ingestd.errors import NoArticle
from ingestd.model.article import Agency, Article, Image
from ingestd.model.feed import Entry
from ingestd.model.page import Page

#: A body with fewer characters is a teaser or an error message.
MIN_BODY = 40
#: A caption that nothing marks stands among the first blocks, or nowhere.
_CAPTION_DEPTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What reading a page came to."""

    article: Article
    #: Its text before the site's furniture was left out.
    whole_text: str
    #: Of each field, what every witness says who says anything: see `clues.testimony`.
    testimony: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def entry_clues(entry: Entry | None) -> Clues:
    """Return what the feed said of the article."""
    if entry is None:
        return Clues()
    return Clues(
        headline=entry.headline,
        description_text=entry.description_text,
        byline=bylines.join(entry.authors),
        authors=bylines.people(entry.authors),
        firstcreated=StatedTime(entry.published, "minute") if entry.published else None,
        versioncreated=StatedTime(entry.updated, "minute") if entry.updated else None,
        language=entry.language,
    )


def assemble(
    page: Page,
    blocks: tuple[Block, ...],
    witnesses: Mapping[str, Clues],
    captions: tuple[str, ...],
    notices: tuple[str, ...] = (),
) -> Extraction:
    """Return the article that the blocks tell and the witnesses describe.

    `captions` are lines known to belong to pictures, `notices` the page's copyright lines.  Raises NoArticle
    when less than `MIN_BODY` characters of story are left.
    """
    believed, provenance = clues.merge(witnesses)
    captions, loose = _captions(blocks, captions)
    printed_dek = believed.description_text if provenance.get("description_text") in ("page", "visible") else None
    headlines = tuple(filter(None, {clue.headline for clue in (believed, *witnesses.values())}))
    known = KnownFields(headlines=headlines, dek=printed_dek, byline=believed.byline, captions=captions)
    filed, whole = _lift_dateline(without_boilerplate(blocks, known))
    kept = furniture.without_furniture(whole, page.furniture)
    body = to_text(kept)
    if len(body) < MIN_BODY:
        raise NoArticle(_why(blocks, body))
    signed = signature.read(kept)
    if signed.authors:
        witnesses = {**witnesses, "text": signed}
        believed, provenance = clues.merge(witnesses)
    tongue, shown = language.identify(body, believed.language)
    if tongue != language.bcp47_tag(believed.language):
        provenance["language"] = "text"
    first, version = _times(believed, witnesses)
    associations = _associations(believed.images, loose)
    article = Article(
        headline=believed.headline,
        body_text=body,
        body_html=sanitise(to_html(kept)),
        description_text=believed.description_text,
        byline=believed.byline,
        authors=believed.authors,
        firstcreated=first.when if first else None,
        versioncreated=version.when if version else None,
        date_precision=first.precision if first else None,
        language=tongue,
        dateline=filed,
        source=believed.source,
        uri=believed.uri or _normalised(page.url),
        usageterms=believed.usageterms,
        associations=associations,
        agencies=_agencies(kept, filed, believed.byline, notices, associations, tongue),
        paywall=believed.paywall,
        truncated=completeness.is_truncated(body, (block.text for block in blocks[-3:]), believed.words),
        provenance={name: witness for name, witness in provenance.items() if name != "words"},
    )
    testimony = clues.statements_by_field({**witnesses, "text": replace(signed, language=shown)})
    return Extraction(article=article, whole_text=to_text(whole), testimony=testimony)


def _agencies(
    blocks: Sequence[Block],
    filed: str | None,
    byline: str | None,
    notices: Sequence[str],
    pictures: Sequence[Image],
    tongue: str | None,
) -> tuple[Agency, ...]:
    named = detection.StoryParts(
        dateline=filed,
        byline=byline,
        signature=signature.final_parentheses(blocks),
        copyright=notices,
        text=to_text(blocks),
        credits=tuple(picture.credit for picture in pictures if picture.credit),
    )
    return detection.find_agencies(named, tongue)


def _normalised(url: str) -> str | None:
    try:
        return urls.normalise(url)
    except ValueError:  # a saved page may have no address that could be asked for again
        return None


def _why(blocks: tuple[Block, ...], body: str) -> str:
    if not blocks:
        return "there is no text on the page"
    return f"{len(body)} characters are left of {len(blocks)} blocks; a story has {MIN_BODY}"


def _captions(blocks: tuple[Block, ...], marked: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """Return all captions, and the one that only its credit shows."""
    first = (
        block.text for block in blocks[:_CAPTION_DEPTH] if block.tag == "p" and dateline.split(block.text)[0] is None
    )
    loose = next((line for line in first if images.is_caption(line)), None)
    return (*marked, loose) if loose else marked, loose


def _associations(found: tuple[Image, ...], loose: str | None) -> tuple[Image, ...]:
    lead = found[:1]
    if loose and not (lead and lead[0].caption):
        caption, credit = images.split_credit(loose)
        # Without a picture in sight the caption still says whose it was.
        return (Image(href=lead[0].href if lead else "", caption=caption, credit=credit),)
    return lead


def _lift_dateline(blocks: tuple[Block, ...]) -> tuple[str | None, tuple[Block, ...]]:
    """Take the dateline off the first paragraph, headings passed over."""
    at = next((at for at, block in enumerate(blocks) if block.tag == "p"), None)
    if at is None:
        return None, blocks
    filed, rest = dateline.split(blocks[at].text)
    shorter = blocks[at].cut(0, len(blocks[at].text) - len(rest)) if filed else None
    return (filed, (*blocks[:at], shorter, *blocks[at + 1 :])) if shorter else (None, blocks)


def _times(believed: Clues, witnesses: Mapping[str, Clues]) -> tuple[StatedTime | None, StatedTime | None]:
    """Return first publication and this version: the second is never before the first, and falls back to it."""
    first, version = believed.firstcreated or believed.versioncreated, believed.versioncreated
    said = [moment for clues in witnesses.values() for moment in (clues.firstcreated, clues.versioncreated) if moment]
    first, version = first and with_inferred_zone(first, said), version and with_inferred_zone(version, said)
    if first and version and version.when < first.when:
        version = first if first.has_time_of_day or not version.has_time_of_day else replace(first, when=version.when)
    return first, version or first
