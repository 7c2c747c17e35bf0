"""Clues: the fields that each witness states.  `merge` combines them by priority.

A witness is one place where a page states its fields, such as its JSON-LD or its meta elements.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from ingestd import text
from ingestd.articles.witnesses import headlines
from ingestd.dates.stated_time import StatedTime
from ingestd.model.article import Image


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """The fields that one witness states; a field that it does not state is None or empty."""

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
    #: Words of the whole text.
    words: int | None = None


#: All witnesses, by priority.  The first that states a field wins, unless `_PRIORITY` has another order for the field;
#: witnesses that are missing there follow in the order of this table.
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
_PRIORITY: Mapping[str, tuple[str, ...]] = {
    # og:title is often written for social networks, a heading may be the site's, and the title element is written for
    # search engines.
    "headline": ("json_ld", "meta", "itemprop", "page", "entry", "title"),
    # Printed below the headline it is the dek; in metadata it may be an abstract written for machines.
    "description_text": ("page", "visible", "meta", "json_ld"),
    "byline": ("page", "visible", "json_ld", "itemprop", "links", "meta", "entry", "text"),
    "authors": ("json_ld", "page", "visible", "links", "itemprop", "meta", "entry", "text"),
    "source": ("meta", "json_ld"),
    "images": ("picture",),
}
#: The witnesses whose list of authors may be complete where the first one's is not.
_FULL_LISTS = ("json_ld", "page", "visible", "meta")
#: A day (as midnight, in an unknown zone) and a time that differ by less than this may be the same publication.
_SAME_DAY = timedelta(hours=38)


def merge(witnesses: Mapping[str, Clues]) -> tuple[Clues, dict[str, str]]:
    """Merge the clues of all witnesses; return them and, for each stated field, the name of the witness that won."""
    witnesses, sites = _without_site_names(witnesses)
    merged: dict[str, Any] = {}
    provenance: dict[str, str] = {}
    for field in fields(Clues):
        statements: Sequence[tuple[str, Any]] = _statements(witnesses, field.name)
        if field.name in ("firstcreated", "versioncreated"):
            statements = _most_exact(statements)
        if field.name == "headline":
            statements = _as_headed(statements)
        if statements:
            provenance[field.name], merged[field.name] = statements[0]
    _choose_signature(witnesses, sites, merged, provenance)
    return Clues(**merged), provenance


def headline(witnesses: Mapping[str, Clues]) -> str | None:
    """Return the headline alone of what `merge` returns."""
    statements = _as_headed(_statements(_without_site_names(witnesses)[0], "headline"))
    return statements[0][1] if statements else None


def _as_headed(statements: Sequence[tuple[str, str]]) -> Sequence[tuple[str, str]]:
    """Put og:title before JSON-LD's headline where it alone is the page's printed heading.

    Where the two have the same words, the one that is spelt as the page's heading or its title comes first.
    """
    if [name for name, _ in statements[:2]] != ["json_ld", "meta"]:
        return statements
    stated = dict(statements)
    in_data, for_networks, printed = stated["json_ld"], stated["meta"], stated.get("page")
    if headlines.letters(in_data) == headlines.letters(for_networks):
        spelt = [text.fold(line) for line in (printed, stated.get("title")) if line]
        is_meta = not any(map(_begins(in_data), spelt)) and any(map(_begins(for_networks), spelt))
    else:
        is_meta = headlines.prints(printed or "", for_networks) and not headlines.prints(printed or "", in_data)
    return [statements[1], statements[0], *statements[2:]] if is_meta else statements


def _begins(headline: str) -> Callable[[str], bool]:
    folded = text.fold(headline)
    return lambda title: title.startswith(folded)


def _choose_signature(
    witnesses: Mapping[str, Clues], sites: set[str], merged: dict[str, Any], provenance: dict[str, str]
) -> None:
    """Choose byline and authors together, so that they name the same people.

    The authors are those of the first witness that names a person, or a desk or agency other than the site itself.
    The byline is the first that names the same people, so that it is as the page prints it.
    """
    ordered = {name: witnesses[name] for name in _witnesses_of("authors") if name in witnesses}
    text_is_signed = bool(ordered.get("text", Clues()).authors)  # a name below the story outweighs a desk
    signer = next(
        (
            name
            for name, clues in ordered.items()
            if clues.authors or (not text_is_signed and _is_desk(clues.byline, sites))
        ),
        None,
    )
    if signer is None:
        return
    signer = _with_all(ordered, signer)
    authors, folded_byline = ordered[signer].authors, text.fold(ordered[signer].byline or "")
    if authors:
        known = [name for clues in witnesses.values() for name in clues.authors]
        merged["authors"], provenance["authors"] = _without_roles(authors, known), signer
    else:
        merged["authors"] = ()
        provenance.pop("authors", None)
    bylines = [
        (name, byline)
        for name, byline in _statements(witnesses, "byline")
        if name == signer or set(witnesses[name].authors) & set(authors) or text.fold(byline) == folded_byline
    ]
    # Among bylines that name the same people, prefer one without digits and addresses.
    same = [(name, line) for name, line in bylines if witnesses[name].authors == witnesses[bylines[0][0]].authors]
    plain = [(name, line) for name, line in same if not any(c.isdigit() or c == "@" for c in line)]
    for name, byline in (plain or bylines)[:1]:
        provenance["byline"], merged["byline"] = name, byline


def _with_all(witnesses: Mapping[str, Clues], signer: str) -> str:
    """Return the first witness that names the signer's people and further ones by their whole names, or the signer."""
    people = set(witnesses[signer].authors)
    if not people:
        return signer
    return next(
        (
            name
            for name, clues in witnesses.items()
            if name in _FULL_LISTS and people < set(clues.authors) and all(" " in author for author in clues.authors)
        ),
        signer,
    )


def _is_desk(byline: str | None, sites: set[str]) -> bool:
    # A digit or an @ shows that the line holds more than its author: a time, a comment count, an address.
    if not byline or headlines.letters(byline) in sites:
        return False
    return not any(c.isdigit() or c == "@" for c in byline)


def _without_roles(names: tuple[str, ...], known: Iterable[str]) -> tuple[str, ...]:
    """Shorten a name to the one that another witness states: "Ann Lee Senior Writer" is Ann Lee."""
    whole = [name for name in known if " " in name]
    return tuple(min((n for n in (name, *whole) if name == n or name.startswith(f"{n} ")), key=len) for name in names)


def statements_by_field(witnesses: Mapping[str, Clues]) -> dict[str, dict[str, object]]:
    """Return for each stated field the witnesses that state it, by priority, each with its statement."""
    return {field.name: stated for field in fields(Clues) if (stated := dict(_statements(witnesses, field.name)))}


def _site_names(witnesses: Iterable[Clues]) -> list[str]:
    """Return the names of the site: as witnesses state it, its host, and the labels of that host."""
    all_clues = list(witnesses)
    hosts = {(urlsplit(clues.uri).hostname or "").removeprefix("www.") for clues in all_clues if clues.uri}
    labels = [label for host in hosts for label in host.split(".")[:-1] if len(label) > 2]
    return list(dict.fromkeys([*(clues.source for clues in all_clues if clues.source), *hosts, *labels]))


def _without_site_names(witnesses: Mapping[str, Clues]) -> tuple[Mapping[str, Clues], set[str]]:
    """Return the clues without the site's names, and these as keys."""
    heading = witnesses["page"].headline if "page" in witnesses else None
    names = _site_names(witnesses.values())
    sites = set(map(headlines.letters, names))
    return {name: _without_site_name(clues, names, heading, sites) for name, clues in witnesses.items()}, sites


def _without_site_name(clues: Clues, names: list[str], heading: str | None, sites: set[str]) -> Clues:
    """Remove the site's name from a witness's headline and authors."""
    if not clues.headline and not clues.authors:
        return clues
    headline = headlines.as_printed(headlines.without_site(clues.headline, names), heading) if clues.headline else None
    headline = None if headline and headlines.letters(headline) in sites else headline
    authors = tuple(name for name in clues.authors if headlines.letters(name) not in sites)
    is_same = headline == clues.headline and authors == clues.authors
    return clues if is_same else replace(clues, headline=headline, authors=authors)


def _statements(witnesses: Mapping[str, Clues], field: str) -> list[tuple[str, Any]]:
    values = ((name, getattr(witnesses[name], field)) for name in _witnesses_of(field) if name in witnesses)
    return [(name, value) for name, value in values if value not in (None, "", ())]


@cache
def _witnesses_of(field: str) -> tuple[str, ...]:
    first = _PRIORITY.get(field, ())
    return (*first, *(name for name in WITNESSES if name not in first))


def _most_exact(statements: Sequence[tuple[str, object]]) -> Sequence[tuple[str, object]]:
    """Return the statements that agree with the first one on the day, the most precise first."""
    times = [(name, time) for name, time in statements if isinstance(time, StatedTime)]
    if not times:
        return []
    day = times[0][1].when
    near = [(name, time) for name, time in times if abs(time.when - day) < _SAME_DAY]
    ranks = {"minute": 0, "assumed_zone": 1, "day": 2}
    return sorted(near, key=lambda statement: ranks[statement[1].precision])
