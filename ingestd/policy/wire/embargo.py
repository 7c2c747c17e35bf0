"""Find the embargo of a wire item: in its embargo field, its status, its notes to editors or its text."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ingestd.model.embargo_phrases import LIMIT_WORDS, find_limit, lifts_embargo
from ingestd.model.item import Item
from ingestd.model.markup import block_texts, parse_fragment
from ingestd.policy.wire.embargo_time import embargo_end
from ingestd.text import collapse

#: The part of a text that is searched: agencies write an embargo before the story.
_MAX_PARAGRAPHS = 3
_MAX_CHARACTERS = 400
#: Characters of markup that contain these paragraphs.
_MAX_MARKUP = 4_000
#: UTC and the zone furthest from it differ by this much.
_MAX_ZONE_DIFFERENCE = timedelta(hours=14)
#: Characters of the quotation in a reason.
_MAX_QUOTED = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Embargo:
    """A ban on the publication of an item."""

    #: The end, in UTC; may be past.  None: until the agency sends another version.
    until: datetime | None
    #: A few words, such as "embargoed" or 'says "Sperrfrist: 18 Uhr"'.
    reason: str


def embargo_of(item: Item) -> Embargo | None:
    """Return the embargo of an item, or None if it has none.

    The embargo field overrides prose, unless prose names a time later by no more than zones differ.  An embargo has no
    end when the item is withheld without a time, when its prose names no readable time, or when the item is withheld
    although its embargo had ended before this version was made.  The status "usable" does not lift an embargo in prose;
    "Sperrfrist aufgehoben" does.  A canceled item has no embargo: a kill must not wait.
    """
    if item.pubstatus == "canceled":
        return None
    if item.pubstatus == "withheld":
        return _withheld(item)
    if item.embargoed:
        return Embargo(until=_coded_end(item, item.embargoed), reason="embargoed")
    return _embargo_in_prose(item)


def _coded_end(item: Item, coded: datetime) -> datetime:
    """Return the end of an embargo by its field, or by prose if that is later because the field has the wrong zone."""
    prose = _embargo_in_prose(item)
    if prose and prose.until and coded < prose.until <= coded + _MAX_ZONE_DIFFERENCE:
        return prose.until
    return coded


def _withheld(item: Item) -> Embargo:
    until, created = item.embargoed, item.versioncreated
    if until is not None:
        until = _coded_end(item, until)
    else:
        prose = _embargo_in_prose(item)
        until = prose.until if prose else None
    passed = until is not None and created is not None and until <= created
    return Embargo(until=None if passed else until, reason="pubstatus withheld")


def _embargo_in_prose(item: Item) -> Embargo | None:
    """Return the embargo in notes, in headline and marks, or in the text; the first that names one decides."""
    notes = [note.text for note in item.ednotes]
    headings = [text for text in (item.headline, item.slugline, item.title, item.extra.get("marks")) if text]
    for texts in (notes, headings):
        if any(lifts_embargo(text) for text in texts):
            return None
        if (clause := _first_limit(texts, anywhere=texts is notes)) is not None:
            return _prose_embargo(item, clause)
    for note in item.ednotes:
        if _code(note.role).startswith("embargo"):
            return _prose_embargo(item, note.text[:_MAX_MARKUP])
    if (clause := _first_limit(_beginning(item))) is not None:
        return _prose_embargo(item, clause)
    signal = next((signal for signal in item.signals if _code(signal) in _SIGNALS), None)
    return Embargo(until=None, reason=f"signal {signal}") if signal else None


#: Signals, without their scheme, that mean an embargo.
_SIGNALS = frozenset(("embargo", "embargoed", "hold"))


def _code(raw: str | None) -> str:
    return (raw or "").replace("/", ":").replace("#", ":").rpartition(":")[2].lower()


def _first_limit(texts: list[str], *, anywhere: bool = False) -> str | None:
    return next((clause for text in texts if (clause := find_limit(text, anywhere=anywhere)) is not None), None)


def _prose_embargo(item: Item, clause: str) -> Embargo:
    made = item.versioncreated or item.firstcreated
    until = embargo_end(clause, after=made, language=item.language, offset=item.utc_offset)
    quoted = collapse(clause)
    return Embargo(until=until, reason=f'says "{quoted[:_MAX_QUOTED] + "…" if len(quoted) > _MAX_QUOTED else quoted}"')


def _beginning(item: Item) -> list[str]:
    return ["\n\n".join(list(_first_paragraphs(item))[:_MAX_PARAGRAPHS])[:_MAX_CHARACTERS]]


def _first_paragraphs(item: Item) -> Iterator[str]:
    if item.body_text:
        yield from item.body_text[:_MAX_MARKUP].split("\n\n")
    elif item.body_html:
        markup = item.body_html[:_MAX_MARKUP]
        lowered = markup.lower()
        if any(sign in lowered for sign in LIMIT_WORDS):
            yield from block_texts(parse_fragment(markup))
