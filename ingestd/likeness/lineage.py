"""Lineage of a story: whose text each record has, and who carried it first.

The evidence is tried in order: agencies' own documents, credits, what contains what, publishers that others name, and
times.  "Unknown" is an answer: a credited agency whose document is not here leaves the origin None.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ingestd.likeness.arrays import distinct, is_in, shared
from ingestd.likeness.sketch import Sketch
from ingestd.likeness.tellers import DELAY, Lineage, Rung, RungName, Teller

#: A carrier that printed its time so much before its origin has a clock that is wrong.
_BEFORE_ORIGIN = timedelta(seconds=45)
#: Part of a story's tellers that must credit an agency whose document is not here; fewer may err.
_CREDITED = 0.25
#: Tokens, below which containment says nothing.
_SHORT = 25
#: Part of a document that another story must explain for its agency's document to be a second origin.
_SECOND = 0.15
#: Shingles that are not the origin's, from which a copy of a copy shows, and the part of them that the other has.
_OWN, _OWN_SHARED = 8, 0.6
#: Documents of agencies, and carriers, whose texts are compared with one record's.
_MOST_AGENCIES, _MOST_CARRIERS = 8, 16
#: Records whose texts are read again when the origin changes; the others are traced by their credits.
_MOST_RETRACED = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """What a story's tellers say of its origin."""

    #: Documents of agencies, the earliest first.
    agencies: tuple[Teller, ...] = ()
    #: The text's own publisher, where no agency has a part in it.
    own: Teller | None = None
    #: How the own publisher was found.
    by: RungName = "earliest"
    #: The agency that most tellers credit.
    credited: str | None = None

    def are(self, teller: Teller) -> bool:
        """Return whether an appearance is an origin of the story."""
        return teller.agency is not None or teller is self.own


def trace(
    traced: Iterable[Teller],
    tellers: Sequence[Teller],
    *,
    texts: Mapping[int, Sketch],
    others: Sequence[tuple[Teller, float]] = (),
) -> list[Lineage]:
    """Trace the origin of some of a story's tellers, in their order.

    `tellers` are all of the story, in any order, the traced ones among them; of a large story the store may leave some
    out, but not documents of agencies.  `texts` has the sketches of `texts_needed` by record; one that is missing is
    not compared.  `others` are documents of agencies in other stories that have a part of a traced one, with its share.
    """
    tellers = sorted(tellers, key=lambda teller: teller.order)
    sources = _sources(tellers)
    return [_trace(teller, tellers, sources, texts, others) for teller in traced]


def texts_needed(traced: Sequence[Teller], tellers: Sequence[Teller]) -> tuple[int, ...]:
    """Return the records whose sketches `trace` compares: a bounded number, however many tellers there are."""
    tellers = sorted(tellers, key=lambda teller: teller.order)
    sources = _sources(tellers)
    needed = dict.fromkeys(teller.record for teller in traced[-_MOST_RETRACED:])
    needed |= dict.fromkeys(teller.record for teller in sources.agencies[:_MOST_AGENCIES])
    if sources.own:
        needed[sources.own.record] = None
    if len(traced) == 1:
        needed |= dict.fromkeys(teller.record for teller in _earlier(traced[0], tellers, sources))
    return tuple(needed)


def to_retrace(joining: Teller, before: Sequence[Teller]) -> tuple[Teller, ...]:
    """Return the tellers to trace when one joins: all where the story's origin changes, else the joining one alone."""
    if not before or _sources(before) == _sources([*before, joining]):
        return (joining,)
    return (*before, joining)


def depends_on(some: Sequence[Teller], tellers: Sequence[Teller]) -> bool:
    """Return whether a story of some tellers had another origin without some of them."""
    left = [teller for teller in tellers if teller not in some]
    return bool(some) and _sources(left) != _sources(tellers)


def first_carrier(tellers: Sequence[Teller]) -> Teller | None:
    """Return the teller that had the story first, its origin aside; None where there is none."""
    sources = _sources(tellers)
    start = min((teller.at for teller in tellers if sources.are(teller)), default=None)
    carriers = [teller for teller in tellers if not sources.are(teller)]
    return min(carriers, key=lambda teller: (_not_before(start, teller), teller.record, teller.carrier), default=None)


def _not_before(start: datetime | None, teller: Teller) -> datetime:
    """Return when a carrier had the story; one that claims to have had it before its origin is not believed."""
    if start is None or teller.at >= start - _BEFORE_ORIGIN:
        return teller.at
    return max(start, teller.seen - DELAY)


def _sources(tellers: Sequence[Teller]) -> _Sources:
    agencies = tuple(sorted((one for one in tellers if one.agency), key=lambda one: one.order))
    credited = _credited(tellers)
    if agencies or credited or not tellers:
        return _Sources(agencies=agencies, credited=credited)
    own, by = _own(tellers)
    return _Sources(own=own, by=by)


def _credited(tellers: Sequence[Teller]) -> str | None:
    """Return the agency that most tellers credit, if enough do."""
    codes = [code for teller in tellers for code in teller.credits]
    if not codes:
        return None
    enough = _CREDITED * len(tellers)
    counts = {code: count for code, count in Counter(codes).items() if count >= enough}
    return min(counts, key=lambda code: (-counts[code], code), default=None)


def _own(tellers: Sequence[Teller]) -> tuple[Teller, RungName]:
    """Return who wrote a text that no agency has a part in: the publisher that others name, else the earliest.

    One that others name is not believed where somebody else's copy was seen before it was published.
    """
    if any(teller.named for teller in tellers):
        named = Counter(name for teller in tellers for name in dict.fromkeys(teller.named))
        first_seen = min(tellers, key=lambda one: (one.seen, one.record, one.carrier))
        for teller in sorted(tellers, key=lambda one: (-named[one.publisher], *one.order)):
            if not named[teller.publisher]:
                break
            if teller.publisher == first_seen.publisher or teller.at <= first_seen.seen:
                return _first_of(teller.publisher, tellers), "named"
    earliest = min(tellers, key=lambda one: one.order)
    return _first_of(earliest.publisher, tellers), "earliest"


def _first_of(publisher: str, tellers: Iterable[Teller]) -> Teller:
    """Return the first record of a publisher: of its own, the order in which they were seen is more certain."""
    return min(
        (one for one in tellers if one.publisher == publisher), key=lambda one: (one.seen, one.record, one.carrier)
    )


def _trace(
    teller: Teller,
    tellers: Sequence[Teller],
    sources: _Sources,
    texts: Mapping[int, Sketch],
    others: Sequence[tuple[Teller, float]],
) -> Lineage:
    if teller.agency:
        return Lineage(teller=teller, agency=teller.agency, rungs=(Rung("agency", teller.agency),))
    rungs = [Rung("agency", None)]
    origins: list[Teller] = []
    agency = None
    if sources.agencies:
        origins = _agencies_of(teller, sources.agencies, texts, others, rungs)
        agency = origins[0].agency
    elif sources.credited:
        agency = min(teller.credits, default=sources.credited)
        rungs.append(Rung("credits", agency))
    elif sources.own:
        rungs += [Rung("credits", None), Rung(sources.by, sources.own.publisher)]
        origins = [] if sources.own is teller else [sources.own]
    return Lineage(
        teller=teller,
        origins=tuple(origins),
        agency=agency,
        share=_share(teller, origins[0], texts) if origins else None,
        via=None if sources.own is teller else _via(teller, origins, tellers, sources, texts, rungs),
        rungs=tuple(rungs),
    )


def _agencies_of(
    teller: Teller,
    agencies: Sequence[Teller],
    texts: Mapping[int, Sketch],
    others: Sequence[tuple[Teller, float]],
    rungs: list[Rung],
) -> list[Teller]:
    """Return the documents of agencies that a text is from, the main one first."""
    credited = [one for one in agencies if one.agency in teller.credits]
    rungs.append(Rung("credited", ", ".join(sorted({one.agency for one in credited if one.agency})) or None))
    chosen = max(credited or agencies, key=lambda one: _fit(teller, one, texts))
    rungs.append(Rung("containment", chosen.publisher))
    parts = [(share, one) for one, share in others if one.agency in teller.credits and share >= _SECOND]
    if not parts:
        return [chosen]
    _, second = max(parts, key=lambda part: (part[0], -part[1].record))
    rungs.append(Rung("second", second.agency))
    return [chosen, second]


def _fit(teller: Teller, agency: Teller, texts: Mapping[int, Sketch]) -> tuple[float, float, int]:
    """Order documents of agencies by how well they explain a record's text; of equals the earliest comes last."""
    earliest = -agency.at.timestamp()
    ours, theirs = texts.get(teller.record), texts.get(agency.record)
    if ours is None or theirs is None:
        return 0.0, earliest, -agency.record
    if len(ours.tokens) < _SHORT:
        return -abs(len(ours.tokens) - len(theirs.tokens)), earliest, -agency.record
    common = shared(ours.shingles, theirs.shingles)
    fit = common / max(1, len(ours.shingles)) + 0.5 * common / max(1, len(theirs.shingles))
    return round(fit, 1), earliest, -agency.record


def _share(teller: Teller, origin: Teller, texts: Mapping[int, Sketch]) -> float | None:
    ours, theirs = texts.get(teller.record), texts.get(origin.record)
    if ours is None or theirs is None or not len(ours.shingles):
        return None
    return round(shared(ours.shingles, theirs.shingles) / len(ours.shingles), 3)


def _earlier(teller: Teller, tellers: Sequence[Teller], sources: _Sources) -> list[Teller]:
    """Return carriers before one, by time: of many the first and the last."""
    earlier = [one for one in tellers if one.at < teller.at and not sources.are(one)]
    half = _MOST_CARRIERS // 2
    return earlier if len(earlier) <= _MOST_CARRIERS else [*earlier[:half], *earlier[-half:]]


def _via(
    teller: Teller,
    origins: Sequence[Teller],
    tellers: Sequence[Teller],
    sources: _Sources,
    texts: Mapping[int, Sketch],
    rungs: list[Rung],
) -> Teller | None:
    """Return the copy that a text was copied from: one that it names, or that has what it adds to the origin."""
    for one in tellers if teller.named else ():
        if one.publisher in teller.named and one is not teller and not sources.are(one):
            rungs.append(Rung("via named", one.publisher))
            return one
    ours = texts.get(teller.record)
    earlier = [one for one in _earlier(teller, tellers, sources) if one.record in texts]
    # Where the origin is not here, the earliest carrier is the nearest to it.
    issuers = [origin for origin in origins if origin.record in texts] or earlier[:1]
    issued = [texts[one.record].shingles for one in issuers]
    if ours is None or not issued:
        return None
    base = issued[0] if len(issued) == 1 else distinct(np.concatenate(issued))
    added = ours.shingles[~is_in(ours.shingles, base)]
    if len(added) < _OWN:
        return None
    copied = max(earlier, key=lambda one: shared(added, texts[one.record].shingles), default=None)
    if copied is None or shared(added, texts[copied.record].shingles) < _OWN_SHARED * len(added):
        rungs.append(Rung("via text", None))
        return None
    rungs.append(Rung("via text", copied.publisher))
    return copied
