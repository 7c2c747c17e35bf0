"""What the witnesses say of an article, and who of them is believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta

from ingestd import text
from ingestd.articles import headlines
from ingestd.articles.moments import Moment
from ingestd.model import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What one witness says; what it does not say is None or empty."""

    headline: str | None = None
    description_text: str | None = None
    #: As printed, without "By".
    byline: str | None = None
    authors: tuple[str, ...] = ()
    firstcreated: Moment | None = None
    versioncreated: Moment | None = None
    #: BCP 47.
    language: str | None = None
    source: str | None = None
    uri: str | None = None
    usageterms: str | None = None
    images: tuple[Image, ...] = ()


#: Who is asked, in this order; the first who answers is believed.  A witness that is not named for a
#: field comes after those that are.
WITNESSES = ("json_ld", "meta", "itemprop", "picture", "page", "time", "visible", "entry", "title")
_FIRST_ASKED: Mapping[str, tuple[str, ...]] = {
    # og:title is often written for networks, and a heading may be of the site; the title element is for search.
    "headline": ("json_ld", "meta", "itemprop", "page", "entry", "title"),
    # Where it is printed under the headline it is the dek; elsewhere it may be an abstract for machines.
    "description_text": ("page", "visible", "meta", "json_ld"),
    "byline": ("page", "visible", "json_ld", "meta"),
    "source": ("meta", "json_ld"),
    "images": ("picture",),
}
#: A day and a time of day that differ by less are of one publication (a day is midnight, in any zone).
_SAME_DAY = timedelta(hours=38)


def merge(witnesses: Mapping[str, Clues]) -> tuple[Clues, dict[str, str]]:
    """Decide field by field who is believed; return what holds and, for each field, the witness's name."""
    names = [clues.source for clues in witnesses.values()]
    heading = witnesses["page"].headline if "page" in witnesses else None
    witnesses = {witness: _trimmed(clues, names, heading) for witness, clues in witnesses.items()}
    believed: dict[str, object] = {}
    provenance: dict[str, str] = {}
    for field in fields(Clues):
        answers: Sequence[tuple[str, object]] = _answers(witnesses, field.name)
        if field.name in ("firstcreated", "versioncreated"):
            answers = _most_exact(answers)
        if answers:
            provenance[field.name], believed[field.name] = answers[0]
    return Clues(**believed), provenance  # type: ignore[arg-type]  # the fields' own values


def _trimmed(clues: Clues, names: list[str | None], heading: str | None) -> Clues:
    """Take the site's name out of what a witness says: it is no part of a headline, and no author."""
    if not clues.headline and not clues.authors:
        return clues
    sites = {text.fold(name) for name in names if name}
    headline = headlines.as_printed(headlines.without_site(clues.headline, names), heading) if clues.headline else None
    return replace(
        clues, headline=headline, authors=tuple(name for name in clues.authors if text.fold(name) not in sites)
    )


def _answers(witnesses: Mapping[str, Clues], field: str) -> list[tuple[str, object]]:
    first = _FIRST_ASKED.get(field, ())
    order = (*first, *(name for name in WITNESSES if name not in first))
    asked = ((name, getattr(witnesses[name], field)) for name in order if name in witnesses)
    return [(name, answer) for name, answer in asked if answer]


def _most_exact(answers: Sequence[tuple[str, object]]) -> Sequence[tuple[str, object]]:
    """Put the witness first who knows the minute, or else the zone, of the day the first one names."""
    moments = [(name, moment) for name, moment in answers if isinstance(moment, Moment)]
    if not moments:
        return []
    day = moments[0][1].when
    near = [(name, moment) for name, moment in moments if abs(moment.when - day) < _SAME_DAY]
    ranks = {"minute": 0, "assumed_zone": 1, "day": 2}
    return sorted(near, key=lambda answer: ranks[answer[1].precision])
