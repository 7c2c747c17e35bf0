"""Codes and the schemes they are of: qcodes (NewsML-G2 5, QCodes), IPTC's own schemes, Media Topics."""

import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from ingestd.model.item import Concept

_CV = "http://cv.iptc.org/newscodes/"
_CVX = "http://cvx.iptc.org/"

#: Alias → URI, of IPTC's own catalogue (catalog.IPTC-G2-Standards_41): the schemes of what items are about.
SCHEMES: Mapping[str, str] = {
    "medtop": f"{_CV}mediatopic/", "subj": f"{_CV}subjectcode/", "genre": f"{_CV}genre/", "scn": f"{_CV}scene/",
    "nprov": f"{_CV}newsprovider/", "prodgenre": f"{_CV}productgenre/", "wldreg": f"{_CV}worldregion/",
    "isin": f"{_CVX}isin/", "iso3166-1a2": f"{_CVX}iso3166-1a2/", "iso3166-1a3": f"{_CVX}iso3166-1a3/",
    "iso3166-2": f"{_CVX}iso3166-2/", "wikidata": "http://www.wikidata.org/entity/",
}  # fmt: skip

#: What NewsML 1, NITF and ninjs call IPTC's Subject Codes.
_SUBJECT_SCHEMES = frozenset(
    ("subj", "iptcsubjectcodes", "iptcsubjectcode", "subjectcode", "iptc", f"{_CV}subjectcode/")
)
_MEDIA_TOPIC_SCHEMES = frozenset(("medtop", "mediatopic", "mediatopics", f"{_CV}mediatopic/"))
_IPTC_URI = re.compile(r"https?://(?:cv|www)\.iptc\.org/(?:newscodes|NewsCodes)/(mediatopic|subjectcode)/(\d{8})/?")
_CODE = re.compile(r"\d{8}")


class MediaTopic(NamedTuple):
    """A Media Topic: its name in British English, its parent, and the day it was retired; empty where there is none."""

    name: str
    parent: str
    retired: str


class _Table(NamedTuple):
    topics: Mapping[str, MediaTopic]
    by_subject_code: Mapping[str, str]


@cache
def _table() -> _Table:
    """Read the vocabulary that comes with the package; its head says where it is from, and its licence."""
    topics: dict[str, MediaTopic] = {}
    mapped_media_topics: dict[str, str] = {}
    for line in (files("ingestd.formats.common") / "media_topics.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        code, parent, retired, subject_codes, name = line.split("\t")
        topics[code] = MediaTopic(name, parent, retired)
        for subject_code in subject_codes.split():
            # Three have two topics, of which one is retired.
            if not retired or subject_code not in mapped_media_topics:
                mapped_media_topics[subject_code] = code
    return _Table(topics, mapped_media_topics)


def media_topic(code: str) -> MediaTopic | None:
    """Return a Media Topic by its eight digits; None when IPTC has none of that code."""
    return _table().topics.get(code)


def concept_of(
    code: str | None,
    *,
    scheme: str | None = None,
    uri: str | None = None,
    name: str | None = None,
    rel: str | None = None,
    schemes: Mapping[str, str] = SCHEMES,
) -> Concept | None:
    """Return what a code and a name stand for; None when there is neither code, URI nor name.

    `code` may be a qcode ("medtop:20000538"), a URI, or bare.  `schemes` gives the URIs of aliases.  Media Topics
    get IPTC's URI, and IPTC's name where none was sent; a code that the vocabulary does not have stays as it is.
    """
    if schemes is SCHEMES:
        return _known_concept(code, scheme, uri, name, rel)
    return _concept(code, scheme, uri, name, rel, schemes)


@lru_cache(maxsize=4096)  # what a wire is about recurs from item to item
def _known_concept(
    code: str | None, scheme: str | None, uri: str | None, name: str | None, rel: str | None
) -> Concept | None:
    return _concept(code, scheme, uri, name, rel, SCHEMES)


def _concept(
    code: str | None,
    scheme: str | None,
    uri: str | None,
    name: str | None,
    rel: str | None,
    schemes: Mapping[str, str],
) -> Concept | None:
    if code and not scheme and not uri:
        code, scheme, uri = _apart(code, schemes)
    elif code and not uri:
        uri = _uri_of(scheme, code, schemes)
    if uri and "iptc.org" in uri and (known := _IPTC_URI.fullmatch(uri)):
        kind, code = known[1], known[2]
        uri = f"{_CV}{kind}/{code}"
        scheme = scheme or ("medtop" if kind == "mediatopic" else "subj")
        if not name and kind == "mediatopic" and (found := media_topic(code)):
            name = found.name
    if not (code or uri or name):
        return None
    return Concept(code=code, scheme=scheme, uri=uri, name=name, rel=rel)


def _apart(code: str, schemes: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    """Return code, scheme and URI of what may be a qcode, a URI, or a bare code."""
    if code.startswith(("http://", "https://", "urn:", "tag:")):
        return None, None, code
    alias, colon, rest = code.partition(":")
    if not colon or not rest or " " in alias:
        return code, None, None
    return rest, alias, _uri_of(alias, rest, schemes)


def _uri_of(scheme: str | None, code: str, schemes: Mapping[str, str]) -> str | None:
    if not scheme:
        return None
    base = schemes.get(scheme)
    if base is None and _CODE.fullmatch(code):
        folded = scheme.lower()
        if folded in _MEDIA_TOPIC_SCHEMES:
            base = SCHEMES["medtop"]
        elif folded in _SUBJECT_SCHEMES:
            base = SCHEMES["subj"]
    if base is None and scheme.startswith("http"):
        base = scheme if scheme.endswith(("/", "#", "=")) else f"{scheme}/"
    return f"{base}{code}" if base else None


def is_subject_code(concept: Concept) -> bool:
    """Say whether a concept is of IPTC's retired Subject Codes: by its scheme, or by its digits where it has none."""
    code, scheme = concept.code, concept.scheme
    if not code or len(code) != 8 or code[0] not in "01" or not code.isdecimal():
        return False
    if scheme is None:
        return concept.uri is None or "subjectcode" in concept.uri
    return scheme.lower() in _SUBJECT_SCHEMES


def mapped_media_topics(subjects: tuple[Concept, ...]) -> tuple[Concept, ...]:
    """Return the Media Topics that IPTC maps these subjects' retired Subject Codes to, without those that are there."""
    retired = [subject.code for subject in subjects if is_subject_code(subject)]
    if not retired:
        return ()
    there = {subject.uri for subject in subjects}
    found: dict[str, Concept] = {}
    for subject_code in retired:
        code = _table().by_subject_code.get(subject_code or "")
        uri = f"{_CV}mediatopic/{code}"
        if code and uri not in there:
            found[code] = Concept(code=code, scheme="medtop", uri=uri, name=_table().topics[code].name, rel="mapped")
    return tuple(found.values())
