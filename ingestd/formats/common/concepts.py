"""Resolve codes to concepts: qcodes (NewsML-G2 5, QCodes), IPTC's schemes, Media Topics, retired Subject Codes."""

import re
from collections.abc import Mapping

from ingestd.caching import cached_if_short
from ingestd.model.item import Concept
from ingestd.model.media_topics import media_topic, topic_of_subject_code

_CV = "http://cv.iptc.org/newscodes/"
_CVX = "http://cvx.iptc.org/"

#: Alias → scheme URI, from IPTC's catalogue (catalog.IPTC-G2-Standards_41): the schemes used for subjects.
SCHEMES: Mapping[str, str] = {
    "medtop": f"{_CV}mediatopic/", "subj": f"{_CV}subjectcode/", "genre": f"{_CV}genre/", "scn": f"{_CV}scene/",
    "nprov": f"{_CV}newsprovider/", "prodgenre": f"{_CV}productgenre/", "wldreg": f"{_CV}worldregion/",
    "isin": f"{_CVX}isin/", "iso3166-1a2": f"{_CVX}iso3166-1a2/", "iso3166-1a3": f"{_CVX}iso3166-1a3/",
    "iso3166-2": f"{_CVX}iso3166-2/", "wikidata": "http://www.wikidata.org/entity/",
}  # fmt: skip

#: Names that NewsML 1, NITF and ninjs use for IPTC's Subject Codes.
_SUBJECT_SCHEMES = frozenset(
    ("subj", "iptcsubjectcodes", "iptcsubjectcode", "subjectcode", "iptc", f"{_CV}subjectcode/")
)
_MEDIA_TOPIC_SCHEMES = frozenset(("medtop", "mediatopic", "mediatopics", f"{_CV}mediatopic/"))
_IPTC_URI = re.compile(r"https?://(?:cv|www)\.iptc\.org/(?:newscodes|NewsCodes)/(mediatopic|subjectcode)/(\d{8})/?")
_CODE = re.compile(r"\d{8}")


def concept_of(
    code: str | None,
    *,
    scheme: str | None = None,
    uri: str | None = None,
    name: str | None = None,
    rel: str | None = None,
    schemes: Mapping[str, str] = SCHEMES,
) -> Concept | None:
    """Return the concept for a code, URI or name; None when all three are absent.

    `code` may be a qcode ("medtop:20000538"), a URI, or bare.  `schemes` maps aliases to scheme URIs.  Media Topics
    get IPTC's URI, and IPTC's name if none was sent; a code that is not in the vocabulary stays as it is.
    """
    if schemes is SCHEMES:
        return _resolve_with_iptc_schemes(code, scheme, uri, name, rel)
    return _resolve(code, scheme, uri, name, rel, schemes)


@cached_if_short(4096)  # the same subjects recur from item to item
def _resolve_with_iptc_schemes(
    code: str | None, scheme: str | None, uri: str | None, name: str | None, rel: str | None
) -> Concept | None:
    return _resolve(code, scheme, uri, name, rel, SCHEMES)


def _resolve(
    code: str | None,
    scheme: str | None,
    uri: str | None,
    name: str | None,
    rel: str | None,
    schemes: Mapping[str, str],
) -> Concept | None:
    if code and not scheme and not uri:
        code, scheme, uri = _split_code(code, schemes)
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


def _split_code(code: str, schemes: Mapping[str, str]) -> tuple[str | None, str | None, str | None]:
    """Return code, scheme and URI of a qcode, a URI or a bare code."""
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
    """Return whether a concept is one of IPTC's retired Subject Codes: by its scheme, else by the form of its code."""
    code, scheme = concept.code, concept.scheme
    if not code or len(code) != 8 or code[0] not in "01" or not code.isdecimal():
        return False
    if scheme is None:
        return concept.uri is None or "subjectcode" in concept.uri
    return scheme.lower() in _SUBJECT_SCHEMES


def mapped_media_topics(subjects: tuple[Concept, ...]) -> tuple[Concept, ...]:
    """Return the Media Topics that IPTC maps the retired Subject Codes in `subjects` to, except those already there."""
    retired = [subject.code for subject in subjects if is_subject_code(subject)]
    if not retired:
        return ()
    present = {subject.uri for subject in subjects}
    found: dict[str, Concept] = {}
    for subject_code in retired:
        topic = topic_of_subject_code(subject_code or "")
        if topic and (uri := f"{_CV}mediatopic/{topic.code}") not in present:
            found[topic.code] = Concept(code=topic.code, scheme="medtop", uri=uri, name=topic.name, rel="mapped")
    return tuple(found.values())
