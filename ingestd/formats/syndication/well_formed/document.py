"""Read a document in one pass over its elements, or leave it to feedparser."""

import re
from collections.abc import Mapping
from io import BytesIO
from types import MappingProxyType
from typing import Any
from xml.etree.ElementTree import Element, ParseError, iterparse

from feedparser.encodings import RE_XML_PI_ENCODING

from ingestd.formats.syndication.well_formed import people, texts, values
from ingestd.formats.syndication.well_formed.names import Names, Unsure
from ingestd.formats.syndication.well_formed.state import Fields, Handler, State, group, unread
from ingestd.model.sniffing import charset_of, codec_name, encoding_of
from ingestd.text import collapse

#: Bytes, and tags and attributes, of a document that is read here: the tree takes up to 500 bytes for each.
_MAX_BYTES = 2**24
_MAX_TAGS = 300_000
#: Encodings of ASCII bytes that stand for themselves.
_PLAIN_CODECS = re.compile(r"utf-8|ascii|iso8859-\d+|cp125\d")
#: A namespace that is not written as usual, or longer.  In the tree each name has its namespace in full: 4,000 names in
#: one of 100 kB take 800 MB.
_LONG_NAMESPACE = re.compile(rb"xmlns(?::[^\s=]{0,100}+)?+(?!=(?:\"[^\"]{0,200}\"|'[^']{0,200}'))")

_ATOM, _RSS10 = "http://www.w3.org/2005/atom", "http://purl.org/rss/1.0/"
_NETSCAPE = "http://my.netscape.com/rdf/simple/0.9/"
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
_ATOM_VERSIONS = {"0.1": "atom01", "0.2": "atom02", "0.3": "atom03"}


def read(body: bytes, content_type: str | None) -> Mapping[str, Any] | None:
    """Return a document as feedparser parses it, with the fields that `reader` reads.

    `body` has been repaired (`xml_repair`).  None: it is malformed, has a document type, a base, or anything else of
    which feedparser alone knows what it reads there.
    """
    if not _is_plain(body, content_type):
        return None
    try:
        root, names = _tree(body)
        state = State(names, _HANDLERS)
        state.are_ids_written = b"xml:base" in body
        _read_root(state, root)
    except (Unsure, ParseError, ValueError, RecursionError):
        return None
    return {"feed": state.head, "entries": state.entries, "version": state.version, "bozo": False}


def _is_plain(body: bytes, content_type: str | None) -> bool:
    """Return whether all parsers decode a document alike, and its tree is small."""
    if len(body) > _MAX_BYTES or (len(body) > _MAX_TAGS and body.count(b"<") + body.count(b"=") > _MAX_TAGS):
        return False
    if _LONG_NAMESPACE.search(body) or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return False
    declared = RE_XML_PI_ENCODING.match(body)
    codecs = [codec_name(declared[1].decode("latin-1"))] if declared else []
    if not body.isascii():
        return encoding_of(body) in (None, "utf-8") and codecs in ([], ["utf-8"])
    if charset := charset_of(content_type):
        codecs.append(charset)
    return all(codec and _PLAIN_CODECS.fullmatch(codec) for codec in codecs)


def _tree(body: bytes) -> tuple[Element, Names]:
    # feedparser's parser, so that the same documents are well-formed.  Without a document type there is no entity to
    # expand and nothing to load.
    parsed = iterparse(BytesIO(body), events=("start-ns",))  # noqa: S314
    names = Names([declared for _, declared in parsed])
    return parsed.root, names  # type: ignore[attr-defined]  # typeshed does not know it


def _read_root(state: State, root: Element) -> None:
    name, attributes = state.names.of(root.tag), values.attributes_of(root)
    state.base = _base(attributes.get("xml:base", ""))
    namespaces = state.names.namespaces
    if name == "rdf_rdf":
        # A namespace of RSS 1.0 or Atom is the version, the first one that is declared.
        stated = [uri for uri in namespaces if uri in (_ATOM, _RSS10, _NETSCAPE)]
        is_known = stated[:1] == [_RSS10] and len(root) and root[0].tag.lower() == f"{{{_RSS10}}}channel"
        if not is_known or attributes or _NETSCAPE in stated:
            raise Unsure
        state.version = "rss10"
        _read_parts(state, root)
    elif _RSS10 in namespaces or _NETSCAPE in namespaces:
        raise Unsure
    elif name == "rss":
        version = attributes.get("version", "")
        state.version = _RSS_VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")
        _read_language(state, attributes)
        _read_parts(state, root)
    elif name == "feed":
        is_atom10 = root.tag[1:].lower().startswith(f"{_ATOM}}}")
        if _ATOM in namespaces and not is_atom10:
            raise Unsure
        state.version = "atom10" if is_atom10 else _ATOM_VERSIONS.get(attributes.get("version", ""), "atom")
        _read_language(state, attributes)
        state.read(root, 1)
    else:
        raise Unsure


def _base(written: str) -> str:
    base = values.resolved("", written)
    found = values.resolved(base, base)
    # feedparser resolves it against itself in each element.
    if found != base:
        raise Unsure
    return base


def _read_language(state: State, attributes: Mapping[str, str]) -> None:
    state.language = values.language_in(attributes, None)
    if state.language:
        state.head["language"] = state.language.replace("_", "-")


def _read_parts(state: State, root: Element) -> None:
    """Read the channel of RSS or RDF, and the items beside it."""
    channels = [child for child in root if state.names.of(child.tag) == "channel"]
    if len(channels) > 1:
        raise Unsure
    for child in root:
        if child in channels:
            _read_channel(state, child)
            continue
        handler = state.handler_of(child.tag)
        if handler not in (_entry, people.image, people.text_input):
            raise Unsure
        handler(state, child, 2)


def _read_channel(state: State, element: Element) -> None:
    attributes = state.attributes_of(element) if element.attrib else {}
    if values.states_language(attributes) or "href" in attributes or "lastmod" in attributes:
        raise Unsure
    state.read(element, 2)


def _entry(state: State, element: Element, depth: int) -> None:
    if state.depths is not None:
        raise Unsure
    fields, before = Fields(), (state.tags, state.language)
    if element.attrib:
        attributes = state.attributes_of(element)
        if "href" in attributes or "lastmod" in attributes:
            raise Unsure
        state.language = values.language_in(attributes, state.language)
        if about := attributes.get(_RDF_ABOUT):
            fields["id"] = about
    state.entries.append(fields)
    state.fields, state.depths, state.tags, state.title_depth = fields, {}, set(), -1
    state.read(element, depth)
    state.fields, state.depths, (state.tags, state.language) = state.head, None, before
    if state.are_ids_written and (written := _written_id(element)):
        fields["id"] = written
    state.has_content = False


def _written_id(entry: Element) -> str:
    """Return the identifier of an entry as written: it never resolves (RFC 4287, 4.2.6.1)."""
    found = next((child for child in entry if child.tag.rpartition("}")[2].lower() == "id"), None)
    return "" if found is None else collapse("".join(found.itertext()))


_HANDLERS: Mapping[str, Handler] = MappingProxyType(
    {
        "item": _entry, "entry": _entry, "title": texts.title, "dc_title": texts.title,
        "media_title": texts.media_title, "link": texts.link, "guid": texts.identifier, "id": texts.identifier,
        "description": texts.description, "dc_description": texts.description,
        "media_description": texts.description, "summary": texts.summary, "itunes_summary": texts.summary,
        "content": texts.content, "content_encoded": texts.encoded, "fullitem": texts.encoded,
        "enclosure": texts.enclosure, "author": people.author, "managingeditor": people.author,
        "dc_author": people.author, "dc_creator": people.author, "itunes_author": people.author,
        "contributor": people.contributor, "itunes_owner": people.owner, "category": people.category,
        "keywords": people.category, "dc_subject": people.category, "media_category": people.media_category,
        "itunes_category": people.itunes_category, "itunes_keywords": people.keywords("http://www.itunes.com/"),
        "media_keywords": people.keywords(None), "image": people.image, "textinput": people.text_input,
        "source": people.source, "media_group": group, "media_content": group,
        **dict.fromkeys(("language", "dc_language"), texts.field("language", is_read_of_feed=True)),
        **dict.fromkeys(
            ("pubdate", "published", "issued", "dcterms_issued"), texts.field("published", is_read_of_feed=False)
        ),
        **dict.fromkeys(
            ("updated", "modified", "lastbuilddate", "dc_date", "dcterms_modified"),
            texts.field("updated", is_read_of_feed=False),
        ),
        **dict.fromkeys(("created", "dcterms_created"), texts.field("created", is_read_of_feed=False)),
        # feedparser does not know these, and keeps them as they are.
        **{
            name: texts.option(name)
            for name in ("prism_publicationdate", "sy_updatefrequency", "sy_updateperiod", "ttl")
        },
        **dict.fromkeys(
            (
                "admin_errorreportsto cloud copyright dc_contributor dc_publisher dc_rights dcterms_valid "
                "feedburner_browserfriendly generator georss_point info itunes_block itunes_explicit itunes_image "
                "itunes_link itunes_subtitle media_credit media_license media_player media_rating media_restriction "
                "media_thumbnail rights subtitle tagline webmaster"
            ).split(),
            unread,
        ),
    }
)  # fmt: skip
