"""Until when an item must not be published: by its embargo, by its status, or by what it tells its editors."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ingestd.model.embargo_phrases import LIMIT_WORDS, find_limit, lifts_embargo
from ingestd.model.item import Item
from ingestd.policy.wire.embargo_time import time_in
from ingestd.text import block_texts, collapse, parse_fragment

#: How much of a text is looked at: desks write limits in front of it.
_PARAGRAPHS = 3
_CHARACTERS = 400
#: Characters of markup that so many paragraphs are in.
_MARKUP = 4_000
#: Characters of a reason's quotation.
_QUOTED = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """An item that is not to be published yet."""

    #: In UTC, and it may be past; None: until the agency says otherwise.
    until: datetime | None
    #: A few words, as in "embargoed" or 'says "Sperrfrist: 18 Uhr"'.
    reason: str


def held(item: Item) -> Hold | None:
    """Return until when an item is held, None where nothing holds it.

    The embargo as coded counts before prose.  An item that is withheld although its embargo was over when this
    version was made is held until the agency sends another; so is one that is withheld and names no time, and one
    whose prose names none that can be read.  "Usable" is no word against an embargo in prose, but "Sperrfrist
    aufgehoben" is.  What was taken back is not held: a kill must not wait.
    """
    if item.pubstatus == "canceled":
        return None
    if item.pubstatus == "withheld":
        return _withheld(item)
    if item.embargoed:
        return Hold(until=item.embargoed, reason="embargoed")
    return _held_by_prose(item)


def _withheld(item: Item) -> Hold:
    until, made = item.embargoed, item.versioncreated
    if until is None:
        prose = _held_by_prose(item)
        until = prose.until if prose else None
    passed = until is not None and made is not None and until <= made
    return Hold(until=None if passed else until, reason="pubstatus withheld")


def _held_by_prose(item: Item) -> Hold | None:
    """Return what notes say, then headline and marks, then the text; the first to say something is believed."""
    notes = [note.text for note in item.ednotes]
    heads = [text for text in (item.headline, item.slugline, item.title, item.extra.get("marks")) if text]
    for texts in (notes, heads):
        if any(lifts_embargo(text) for text in texts):
            return None
        if (clause := _first_limit(texts, anywhere=texts is notes)) is not None:
            return _hold(item, clause)
    for note in item.ednotes:
        if _code(note.role).startswith("embargo"):
            return _hold(item, note.text[:_MARKUP])
    if (clause := _first_limit(_beginning(item))) is not None:
        return _hold(item, clause)
    signal = next((one for one in item.signals if _code(one) in _SIGNALS), None)
    return Hold(until=None, reason=f"signal {signal}") if signal else None


#: Signals, without their scheme, that hold an item.
_SIGNALS = frozenset(("embargo", "embargoed", "hold"))


def _code(raw: str | None) -> str:
    return (raw or "").replace("/", ":").replace("#", ":").rpartition(":")[2].lower()


def _first_limit(texts: list[str], *, anywhere: bool = False) -> str | None:
    return next((clause for text in texts if (clause := find_limit(text, anywhere=anywhere)) is not None), None)


def _hold(item: Item, clause: str) -> Hold:
    until = time_in(clause, after=item.versioncreated or item.firstcreated, language=item.language)
    quoted = collapse(clause)
    return Hold(until=until, reason=f'says "{quoted[:_QUOTED] + "…" if len(quoted) > _QUOTED else quoted}"')


def _beginning(item: Item) -> list[str]:
    return ["\n\n".join(list(_first_paragraphs(item))[:_PARAGRAPHS])[:_CHARACTERS]]


def _first_paragraphs(item: Item) -> Iterator[str]:
    if item.body_text:
        yield from item.body_text[:_MARKUP].split("\n\n")
    elif item.body_html:
        markup = item.body_html[:_MARKUP]
        lowered = markup.lower()
        if any(sign in lowered for sign in LIMIT_WORDS):
            yield from block_texts(parse_fragment(markup))
