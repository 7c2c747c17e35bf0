"""What the witnesses say of an article, and who of them is believed."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from ingestd import text
from ingestd.articles.witnesses import headlines
from ingestd.articles.witnesses.stated_times import StatedTime
from ingestd.model.article import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What one witness says; what it does not say is None or empty."""

    headline: str | None = None
    description_text: str | None = None
    #: As printed, without "By".
    byline: str | None = None
    authors: tuple[str, ...] = ()
    firstcreated: StatedTime | None = None
    versioncreated: StatedTime | None = None
    #: BCP 47.
    language: str | None = None
    source: str | None = None
    uri: str | None = None
    usageterms: str | None = None
    images: tuple[Image, ...] = ()
    paywall: bool | None = None
    #: How many words the whole text has.
    words: int | None = None


#: Who is asked, in this order; the first who answers is believed.  A witness that is not named for a
#: field comes after those that are.
WITNESSES = (
    "json_ld",
    "meta",
    "itemprop",
    "picture",
    "page",
    "time",
    "visible",
    "entry",
    "links",
    "text",
    "title",
    "search",
)
_FIRST_ASKED: Mapping[str, tuple[str, ...]] = {
    # og:title is often written for networks, and a heading may be of the site; the title element is for search.
    "headline": ("json_ld", "meta", "itemprop", "page", "entry", "title"),
    # Where it is printed under the headline it is the dek; elsewhere it may be an abstract for machines.
    "description_text": ("page", "visible", "meta", "json_ld"),
    "byline": ("page", "visible", "json_ld", "itemprop", "links", "meta", "entry", "text"),
    "authors": ("json_ld", "page", "visible", "links", "itemprop", "meta", "entry", "text"),
    "source": ("meta", "json_ld"),
    "images": ("picture",),
}
#: A day and a time of day that differ by less are of one publication (a day is midnight, in any zone).
_SAME_DAY = timedelta(hours=38)
_NO_LETTER = re.compile(r"[\W_]+")


def merge(witnesses: Mapping[str, Clues]) -> tuple[Clues, dict[str, str]]:
    """Decide field by field who is believed; return what holds and, for each field, the witness's name."""
    heading = witnesses["page"].headline if "page" in witnesses else None
    names = _site_names(witnesses.values())
    sites = set(map(_key, names))
    witnesses = {witness: _trimmed(clues, names, heading, sites) for witness, clues in witnesses.items()}
    believed: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    for field in fields(Clues):
        answers: Sequence[tuple[str, Any]] = _answers(witnesses, field.name)
        if field.name in ("firstcreated", "versioncreated"):
            answers = _most_exact(answers)
        if answers:
            provenance[field.name], believed[field.name] = answers[0]
    _believe_signature(witnesses, sites, believed, provenance)
    return Clues(**believed), provenance


def _believe_signature(
    witnesses: Mapping[str, Clues], sites: set[str], believed: dict[str, Any], provenance: dict[str, str]
) -> None:
    """Settle who wrote it: byline and authors are of one signature, whoever prints it.

    The first witness is believed who names a person, or a desk or an agency that is not the site itself; the
    byline is as the page prints it, where that is of the same people.
    """
    said = {name: witnesses[name] for name in _order("authors") if name in witnesses}
    signed = bool(said.get("text", Clues()).authors)  # a name under the story says more than that of a desk
    signer = next(
        (name for name, clues in said.items() if clues.authors or (not signed and _is_desk(clues.byline, sites))), None
    )
    if signer is None:
        return
    authors, signed_as = said[signer].authors, text.fold(said[signer].byline or "")
    if authors:
        known = [name for clues in witnesses.values() for name in clues.authors]
        believed["authors"], provenance["authors"] = _without_roles(authors, known), signer
    else:
        believed["authors"] = ()
        provenance.pop("authors", None)
    for name, byline in _answers(witnesses, "byline"):
        if name == signer or set(witnesses[name].authors) & set(authors) or text.fold(byline) == signed_as:
            provenance["byline"], believed["byline"] = name, byline
            return


def _is_desk(byline: str | None, sites: set[str]) -> bool:
    # A clock, a count of comments or an address says that the line holds more than its author.
    return bool(byline) and _key(byline or "") not in sites and not any(c.isdigit() or c == "@" for c in byline or "")


def _without_roles(names: tuple[str, ...], known: Iterable[str]) -> tuple[str, ...]:
    """Cut a name back to the shorter one that another witness gives: "Ann Lee Senior Writer" is Ann Lee."""
    whole = [name for name in known if " " in name]
    return tuple(min((n for n in (name, *whole) if name == n or name.startswith(f"{n} ")), key=len) for name in names)


def statements_by_field(witnesses: Mapping[str, Clues]) -> dict[str, dict[str, object]]:
    """Return what each witness says, by field and witness, in the order in which they are asked."""
    return {field.name: said for field in fields(Clues) if (said := dict(_answers(witnesses, field.name)))}


def _site_names(witnesses: Iterable[Clues]) -> list[str]:
    """Return what the site is called: its name as witnesses give it, its host, and each part of that."""
    said = list(witnesses)
    hosts = {(urlsplit(clues.uri).hostname or "").removeprefix("www.") for clues in said if clues.uri}
    labels = [label for host in hosts for label in host.split(".")[:-1] if len(label) > 2]
    return list(dict.fromkeys([*(clues.source for clues in said if clues.source), *hosts, *labels]))


def _key(name: str) -> str:
    return _NO_LETTER.sub("", text.fold(name))


def _trimmed(clues: Clues, names: list[str], heading: str | None, sites: set[str]) -> Clues:
    """Take the site's name out of what a witness says: it is no part of a headline, and no author."""
    if not clues.headline and not clues.authors:
        return clues
    headline = headlines.as_printed(headlines.without_site(clues.headline, names), heading) if clues.headline else None
    return replace(clues, headline=headline, authors=tuple(name for name in clues.authors if _key(name) not in sites))


def _answers(witnesses: Mapping[str, Clues], field: str) -> list[tuple[str, Any]]:
    asked = ((name, getattr(witnesses[name], field)) for name in _order(field) if name in witnesses)
    return [(name, answer) for name, answer in asked if answer not in (None, "", ())]


def _order(field: str) -> tuple[str, ...]:
    first = _FIRST_ASKED.get(field, ())
    return (*first, *(name for name in WITNESSES if name not in first))


def _most_exact(answers: Sequence[tuple[str, object]]) -> Sequence[tuple[str, object]]:
    """Put the witness first who knows the minute, or else the zone, of the day the first one names."""
    moments = [(name, moment) for name, moment in answers if isinstance(moment, StatedTime)]
    if not moments:
        return []
    day = moments[0][1].when
    near = [(name, moment) for name, moment in moments if abs(moment.when - day) < _SAME_DAY]
    ranks = {"minute": 0, "assumed_zone": 1, "day": 2}
    return sorted(near, key=lambda answer: ranks[answer[1].precision])
