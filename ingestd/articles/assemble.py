"""Assemble an Article from blocks and clues: the steps that pages and fragments share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ingestd import urls
from ingestd.articles import clues, completeness, language
from ingestd.articles.agencies import detection
from ingestd.articles.body import interface_lines
from ingestd.articles.body.blocks import Block, to_html, to_text
from ingestd.articles.body.boilerplate import KnownFields, without_boilerplate
from ingestd.articles.body.recurring_blocks import without_recurring_blocks
from ingestd.articles.body.sanitise import sanitise
from ingestd.articles.clues import Clues
from ingestd.articles.witnesses import bylines, dateline, images, signature
from ingestd.articles.witnesses.dateline import Dateline
from ingestd.dates.stated_time import StatedTime, with_inferred_zone
from ingestd.errors import NoArticle
from ingestd.model import language_tags
from ingestd.model.article import Agency, Article, Image
from ingestd.model.feed import Entry
from ingestd.model.page import Page
from ingestd.text import latin_length

#: A body with fewer letters is a teaser or an error message.
MIN_BODY = 40
#: Number of blocks at the start of the text that are searched for a caption without markup.
_CAPTION_DEPTH = 12
#: Number of blocks at the end of the text that are searched for the words of a paywall.
_WALL_DEPTH = 6
#: Number of paragraphs at the start of the text of which one may have the dateline.
_DATELINE_DEPTH = 3
#: A block of at least this length is a paragraph of the story.
_PARAGRAPH = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtractionResult:
    """An article and the evidence for it."""

    article: Article
    #: The article's text before blocks that recur on the site were removed.
    whole_text: str
    #: For each field, what each witness states: see `clues.statements_by_field`.
    testimony: Mapping[str, Mapping[str, object]] = field(default_factory=dict)


def entry_clues(entry: Entry | None) -> Clues:
    """Return what the feed states about the article."""
    if entry is None:
        return Clues()
    return Clues(
        headline=entry.headline,
        description_text=entry.description_text,
        byline=bylines.join(entry.authors),
        authors=bylines.people(entry.authors),
        # Earlier versions stored no precision: every time counted as one to the minute.
        firstcreated=StatedTime(entry.published, entry.published_precision or "minute") if entry.published else None,
        versioncreated=StatedTime(entry.updated, entry.updated_precision or "minute") if entry.updated else None,
        language=entry.language,
    )


def assemble(
    page: Page,
    blocks: tuple[Block, ...],
    witnesses: Mapping[str, Clues],
    captions: tuple[str, ...],
    notices: tuple[str, ...] = (),
) -> ExtractionResult:
    """Return the article made of the text in `blocks` and the fields that the witnesses state.

    `captions` are lines known to belong to pictures, `notices` the page's copyright notices.

    Raises NoArticle when less than `MIN_BODY` characters of the story are left.
    """
    merged, provenance = clues.merge(witnesses)
    captions, unmarked = _captions(blocks, captions)
    printed_dek = merged.description_text if provenance.get("description_text") in ("page", "visible") else None
    headlines = tuple(filter(None, {stated.headline for stated in (merged, *witnesses.values())}))
    known = KnownFields(headlines=headlines, dek=printed_dek, byline=merged.byline, captions=captions)
    found_dateline, paragraphs = _split_dateline(without_boilerplate(blocks, known))
    dateline_text = found_dateline.line if found_dateline else None
    kept = without_recurring_blocks(paragraphs, page.recurring_blocks)
    body = to_text(kept)
    if latin_length(body) < MIN_BODY:
        raise NoArticle(_shortage(blocks, body))
    signed = signature.read(kept)
    if found_dateline and found_dateline.by and not signed.authors:
        signed = Clues(byline=bylines.clean(found_dateline.by), authors=bylines.people([found_dateline.by]))
    if signed.authors:
        witnesses = {**witnesses, "text": signed}
        merged, provenance = clues.merge(witnesses)
    language_tag, detected = language.identify(body, merged.language)
    if language_tag != language_tags.language_tag(merged.language):
        provenance["language"] = "text"
    walled = merged.paywall is not False and any(
        block.is_wall or interface_lines.is_wall(block.text) for block in blocks[-_WALL_DEPTH:]
    )
    if walled and merged.paywall is None:
        provenance["paywall"] = "text"
    first, version = _times(merged, witnesses)
    associations = _associations(merged.images, unmarked)
    article = Article(
        headline=merged.headline,
        body_text=body,
        body_html=sanitise(to_html(kept)),
        description_text=merged.description_text,
        byline=merged.byline,
        authors=merged.authors,
        firstcreated=first.when if first else None,
        versioncreated=version.when if version else None,
        date_precision=first.precision if first else None,
        language=language_tag,
        dateline=dateline_text,
        source=merged.source,
        uri=merged.uri or _normalised(page.url),
        usageterms=merged.usageterms,
        associations=associations,
        agencies=_agencies(kept, dateline_text, merged.byline, notices, associations, language_tag),
        paywall=walled or merged.paywall,
        truncated=walled or completeness.is_truncated(body, (block.text for block in blocks[-3:]), merged.words),
        provenance={name: witness for name, witness in provenance.items() if name != "words"},
    )
    testimony = clues.statements_by_field({**witnesses, "text": replace(signed, language=detected)})
    return ExtractionResult(article=article, whole_text=to_text(paragraphs), testimony=testimony)


def _agencies(
    blocks: Sequence[Block],
    dateline_text: str | None,
    byline: str | None,
    notices: Sequence[str],
    pictures: Sequence[Image],
    language_tag: str | None,
) -> tuple[Agency, ...]:
    parts = detection.StoryParts(
        dateline=dateline_text,
        byline=byline,
        signature=signature.final_parentheses(blocks),
        copyright=notices,
        text=to_text(blocks),
        credits=tuple(picture.credit for picture in pictures if picture.credit),
    )
    return detection.find_agencies(parts, language_tag)


def _normalised(url: str) -> str | None:
    try:
        found = urls.normalise(url)
    except ValueError:  # a saved page may have no address, or one that cannot be fetched
        return None
    return found if urls.may_identify(found) else None


def _shortage(blocks: tuple[Block, ...], body: str) -> str:
    if not blocks:
        return "there is no text on the page"
    return f"{len(body)} characters are left of {len(blocks)} blocks; a story has at least {MIN_BODY}"


def _captions(blocks: tuple[Block, ...], marked: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """Return all captions, and separately the one recognised only by its credit, or None."""
    # The last paragraph may end in its signature: "(kst/dpa)".
    last = max((at for at, block in enumerate(blocks) if len(block.text) >= _PARAGRAPH), default=0)
    first = (block.text for block in blocks[: min(_CAPTION_DEPTH, last)] if block.tag == "p")
    captions = filter(images.is_caption, first)
    unmarked = next((line for line in captions if dateline.find(line) is None), None)
    return (*marked, unmarked) if unmarked else marked, unmarked


def _associations(found: tuple[Image, ...], unmarked: str | None) -> tuple[Image, ...]:
    lead = found[:1]
    if unmarked and not (lead and lead[0].caption):
        caption, credit = images.split_credit(unmarked)
        # Without a picture the caption still names its owner.
        return (Image(href=lead[0].href if lead else "", caption=caption, credit=credit),)
    return lead


def _split_dateline(blocks: tuple[Block, ...]) -> tuple[Dateline | None, tuple[Block, ...]]:
    """Return the dateline of the first paragraph, and the blocks without it; leading headings are skipped.

    A dek may stand above the dateline: one that names a known agency is found in the next paragraphs as well.
    """
    paragraphs = [at for at, block in enumerate(blocks) if block.tag == "p"][:_DATELINE_DEPTH]
    for number, at in enumerate(paragraphs):
        line = blocks[at].text
        found = dateline.of_agency(line) or (None if number else dateline.find(line))
        if found and (found.end < len(line) or at + 1 < len(blocks)):
            shorter = blocks[at].cut(0, found.end)
            return found, (*blocks[:at], *([shorter] if shorter else []), *blocks[at + 1 :])
    return None, blocks


def _times(merged: Clues, witnesses: Mapping[str, Clues]) -> tuple[StatedTime | None, StatedTime | None]:
    """Return the times of first publication and of this version.

    The version's time is never before first publication, and falls back to it.
    """
    first, version = merged.firstcreated or merged.versioncreated, merged.versioncreated
    stated = [time for clues in witnesses.values() for time in (clues.firstcreated, clues.versioncreated) if time]
    first, version = first and with_inferred_zone(first, stated), version and with_inferred_zone(version, stated)
    if first and version and version.when < first.when:
        version = first if first.has_time_of_day or not version.has_time_of_day else replace(first, when=version.when)
    return first, version or first
